import type { GatewayProblemCode } from '../problem.ts'
import type { FrontBounds } from './bounds.ts'

/** What a front answers by itself. */
export type Refusal = { code: GatewayProblemCode; detail: string }

/** For what node's parser says about a request. */
export const refusalOf = (errorCode: string, bounds: FrontBounds): Refusal => {
  switch (errorCode) {
    case 'HPE_HEADER_OVERFLOW':
      return {
        code: 'gateway_headers_too_large',
        detail: `The headers are larger than ${bounds.requestHeadBytes} bytes.`,
      }
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { code: 'gateway_bad_request', detail: 'The chunk extensions are too large.' }
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { code: 'gateway_request_timeout', detail: 'The request did not arrive in time.' }
    default:
      return { code: 'gateway_bad_request', detail: 'The request does not follow HTTP/1.1.' }
  }
}

export const tooManyHeaders = ({ requestHeaders }: FrontBounds): Refusal => ({
  code: 'gateway_headers_too_large',
  detail: `There are more than ${requestHeaders} headers.`,
})
