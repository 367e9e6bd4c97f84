import { exposeLines, type Program } from './program.ts'

const base = 'FROM node:24-slim'

/** Started as `npm start` would, without npm in between, which hands no signal on. */
export const npmDockerfile = (program: Program): readonly string[] | undefined => {
  const { manifest, has } = program
  const start = manifest?.scripts.get('start')?.command
  const words =
    start === undefined ? undefined : /^node(?: [\w./=-]+)+$/.exec(start)?.[0].split(' ')
  if (words === undefined || !has('package.json')) return undefined
  const isLocked = has('package-lock.json')
  const isBuilt = manifest?.scripts.has('build') === true
  const entry = words.find((word) => /\.[cm]?js$/.test(word))
  // What a build makes is not there yet; anything else has to be.
  if (entry === undefined || (!isBuilt && !has(entry))) return undefined
  return [
    `${base} AS build`,
    'WORKDIR /app',
    `COPY package.json ${isLocked ? 'package-lock.json ' : ''}./`,
    `RUN npm ${isLocked ? 'ci' : 'install'}`,
    'COPY . .',
    ...(isBuilt ? ['RUN npm run build'] : []),
    'RUN npm prune --omit=dev',
    '',
    base,
    'ENV NODE_ENV=production',
    'WORKDIR /app',
    'COPY --from=build /app ./',
    'USER node',
    ...exposeLines(program),
    `CMD ${JSON.stringify(words).replaceAll(',', ', ')}`,
  ]
}
