/** Plugins of a team's own (docs/adr/0020-plugins-of-your-own.md). */
export { describePlatformPlugins, openPlatformPlugins, withHouse } from './of-platform.ts'
export { schemaOf } from './definition.ts'
export { openOwnPlugins, type OwnPlugins } from './open.ts'
