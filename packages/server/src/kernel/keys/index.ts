export { checkKeyring } from './store.ts'
export { createKeyring, type Keyring } from './keyring.ts'
export { masterKeyFile, openKeyring, type KeySource } from './open-keyring.ts'
