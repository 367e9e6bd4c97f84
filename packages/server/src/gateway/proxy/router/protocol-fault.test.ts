import assert from 'node:assert/strict'
import { test } from 'node:test'

import { protocolFault, type ProtocolFault } from './protocol-fault.ts'

const grpc = 'application/grpc+proto'
const cases: [
  protocols: string[],
  version: '1.1' | '2',
  scheme: 'http' | 'https',
  contentType: string,
  fault: ProtocolFault | null,
][] = [
  [['http', 'https'], '1.1', 'http', grpc, null],
  [['grpc'], '2', 'http', grpc, null],
  [['grpc', 'grpcs'], '2', 'https', grpc, null],
  [['grpc'], '1.1', 'http', grpc, 'http2'],
  [['grpc'], '2', 'http', 'application/json', 'grpc'],
  [['grpcs'], '2', 'http', grpc, 'grpcs'],
  [['grpcs'], '2', 'https', grpc, null],
]

for (const [protocols, version, scheme, contentType, fault] of cases) {
  test(`${protocols.join()} asked by ${scheme}/${version}, ${contentType}: ${String(fault)}`, () => {
    assert.equal(protocolFault({ protocols }, { version, scheme, contentType }), fault)
  })
}
