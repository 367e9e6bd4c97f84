import type { KnipConfig } from 'knip'

const config: KnipConfig = {
  // types: a door exports what its functions take and give, named by somebody today or not.
  // binaries: programs of the machine (dockerd, fallocate); whoever starts one checks for it.
  exclude: ['types', 'binaries'],
  workspaces: {
    '.': {
      entry: [
        'scripts/*.{mjs,ts}',
        'test/**/*.test.ts',
        'bench/**/*.{ts,mjs}',
        'blueprints/*/*.mjs',
        'blueprints/*/*/main.mjs',
        'blueprints/*/services/*/main.mjs',
        'blueprints/shop/web/public/shop.js',
        'blueprints/alicia/services/hub/page.js',
      ],
      project: ['scripts/**', 'test/**/*.ts', 'bench/**/*.{ts,mjs}', 'blueprints/**/*.{mjs,js}'],
      // The tools are run by path from scripts/check.mjs; the blueprints share the server's pg.
      ignoreDependencies: ['oxfmt', 'oxlint', 'oxlint-tsgolint', 'pg'],
    },
    'packages/*': {
      entry: [
        'src/**/main.ts',
        'src/backup.ts',
        'src/verify-audit.ts',
        'src/prepare.ts',
        'src/load-sources.ts',
        'src/**/*.test.{ts,tsx}',
        // Started by path, as processes of their own, to be killed.
        'src/kernel/postgres/testing/hold-postgres.ts',
        'src/kernel/testing/crashing-subscriber.ts',
        'src/kernel/audit/sinks/testing/crashing-shipper.ts',
        'scripts/*.ts',
      ],
      project: ['src/**/*.{ts,tsx}', 'scripts/*.ts'],
    },
  },
}

export default config
