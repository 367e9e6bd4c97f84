import { posix } from 'node:path'
import type { Language } from '../../systems/system.ts'

/** File of the grammar by extension; TSX is a grammar of its own, as `<T>x` is no cast there. */
const byExtension: Readonly<Record<string, { language: Language; grammar: string }>> = {
  '.js': { language: 'javascript', grammar: 'javascript' },
  '.jsx': { language: 'javascript', grammar: 'javascript' },
  '.mjs': { language: 'javascript', grammar: 'javascript' },
  '.cjs': { language: 'javascript', grammar: 'javascript' },
  '.ts': { language: 'typescript', grammar: 'typescript' },
  '.mts': { language: 'typescript', grammar: 'typescript' },
  '.cts': { language: 'typescript', grammar: 'typescript' },
  '.tsx': { language: 'typescript', grammar: 'tsx' },
  '.py': { language: 'python', grammar: 'python' },
  '.java': { language: 'java', grammar: 'java' },
  '.go': { language: 'go', grammar: 'go' },
  '.cs': { language: 'csharp', grammar: 'c-sharp' },
}

export const languageOf = (file: string): { language: Language; grammar: string } | undefined =>
  isGenerated(file) ? undefined : byExtension[posix.extname(file)]

/** Made by a tool from other files: what it says is said there. */
const generated =
  /(?:^|\/)(?:dist|generated|__generated__|migrations|wwwroot\/lib|public\/vendor)\/|\.min\.[cm]?js$|\.bundle\.js$|\.d\.[cm]?ts$|\.pb\.go$|_pb2(?:_grpc)?\.py$|_(?:grpc_)?pb\.js$|\.(?:designer|g)\.cs$/i

const isGenerated = (file: string): boolean => generated.test(file)

const testFolder =
  /(?:^|\/)(?:tests?|__tests__|__mocks__|specs?|e2e|cypress|playwright|testdata|testing|fixtures?|mocks?|examples?|samples?|benchmarks?|bench|docs?|scripts|tools|\.?storybook|\.github|[\w-]*[._-]tests?|[\w.]+\.(?:Unit|Integration)?Tests?)\//i
const testFile =
  /(?:[._-](?:test|tests|spec|stories|e2e|bench)\.\w+|_test\.(?:go|py)|(?:^|\/)(?:test_[^/]*|conftest|noxfile|setup|fabfile|tasks)\.py|(?:Tests?|IT|Spec)\.(?:java|cs)|(?:^|\/)(?:[\w.-]+\.config|gulpfile|gruntfile|karma\.conf|\.eslintrc|[\w.-]+\.conf)\.[cm]?[jt]s)$/

/** A test, an example, or a script that builds: what it reads is no need of the service. */
export const isTestFile = (file: string): boolean => testFolder.test(file) || testFile.test(file)
