export {
  testExchange,
  testResponse,
  textOf,
  type AskedExchange,
  type TestExchange,
  type TestResponse,
} from './exchange.ts'
export { configOf, faultsOf, instanceOf, testHost } from './host.ts'
