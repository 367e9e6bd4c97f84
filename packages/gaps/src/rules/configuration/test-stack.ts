import type { System } from '../../systems/system.ts'

const testFolder =
  /(?:^|\/)(?:\.?ci|\.github|\.circleci|\.gitlab|tests?|e2e|cypress|playwright|[\w-]*(?:integration|acceptance|e2e)[-_]tests?)(?:\/|$)/i
const testFile = /(?:^|[._-])(?:tests?|ci|e2e|cypress)(?:[._-]|$)/i

/** Started by a pipeline, used for minutes, with data that nobody misses. */
export const isTestStack = ({ folder, files }: System): boolean =>
  testFolder.test(folder) || testFile.test((files.at(-1) ?? '').split('/').at(-1) ?? '')
