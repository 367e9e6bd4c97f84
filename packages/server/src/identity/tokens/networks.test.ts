import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isError } from '../testing/open-identity.ts'
import { checkedNetworks, isWithin, mayComeFrom, readNetwork } from './networks.ts'

const addresses: [networks: string[], address: string | null, allowed: boolean][] = [
  [[], null, true],
  [[], '192.0.2.7', true],
  [['0.0.0.0/0'], null, false],
  [['192.0.2.7'], '192.0.2.7', true],
  [['192.0.2.7'], '192.0.2.8', false],
  [['192.0.2.7'], '::ffff:192.0.2.7', true],
  [['10.0.0.0/8'], '10.255.0.1', true],
  [['10.0.0.0/8'], '11.0.0.1', false],
  [['10.1.2.3/8'], '10.9.9.9', true],
  [['10.0.0.0/8', '192.0.2.0/24'], '192.0.2.200', true],
  [['::ffff:10.0.0.0/104'], '10.1.1.1', true],
  [['::ffff:10.0.0.0/104'], '11.1.1.1', false],
  [['2001:db8::/32'], '2001:db8:1::1', true],
  [['2001:db8::/32'], '2001:db9::1', false],
  [['2001:db8::/32'], '32.1.13.184', false],
  [['0.0.0.0/0'], '2001:db8::1', false],
  [['0.0.0.0/0'], '::ffff:192.0.2.7', true],
  [['::/0'], '2001:db8::1', true],
  [['::/0'], '192.0.2.7', false],
  [['::/0'], '::ffff:192.0.2.7', false],
  [['192.0.2.7'], 'nonsense', false],
]
for (const [networks, address, allowed] of addresses) {
  test(`a token for [${networks.join(', ')}] is ${allowed ? '' : 'not '}for ${address}`, () => {
    assert.equal(mayComeFrom(networks.map(readNetwork), address), allowed)
  })
}

const ranges: [wide: string[], narrow: string, within: boolean][] = [
  [[], '0.0.0.0/0', true],
  [['10.0.0.0/8'], '10.1.0.0/16', true],
  [['10.0.0.0/8'], '10.0.0.0/8', true],
  [['10.1.0.0/16'], '10.0.0.0/8', false],
  [['10.0.0.0/8'], '11.0.0.0/16', false],
  [['10.0.0.0/8'], '::ffff:10.1.0.0/112', true],
  [['10.0.0.0/8'], '::/0', false],
  [['::/0'], '10.0.0.0/8', false],
  [['2001:db8::/32'], '2001:db8:1::/48', true],
]
for (const [wide, narrow, within] of ranges) {
  test(`${narrow} is ${within ? '' : 'not '}within [${wide.join(', ')}]`, () => {
    assert.equal(isWithin(wide.map(readNetwork), readNetwork(narrow)), within)
  })
}

test('what is no address or range is refused, and what is given twice kept once', () => {
  assert.deepEqual(checkedNetworks([' 10.0.0.0/8', '10.0.0.0/8 ', '::1']), ['10.0.0.0/8', '::1'])
  for (const wrong of ['10.0.0.0/33', 'localhost', '10.0.0', '', '::1/129', 'fe80::1%eth0', '*']) {
    assert.throws(() => checkedNetworks([wrong]), isError('bad_request'), wrong)
  }
})
