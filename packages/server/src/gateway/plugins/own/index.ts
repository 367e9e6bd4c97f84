/** Plugins of a team's own (docs/adr/0020-plugins-of-your-own.md). */
export { openOwnPlugins, type OwnPlugins } from './open.ts'
