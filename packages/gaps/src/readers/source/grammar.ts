import { createRequire } from 'node:module'
import { posix } from 'node:path'
import type { Language as Grammar, Node, Parser, Tree } from '@vscode/tree-sitter-wasm'

const require = createRequire(import.meta.url)

/** Of one file: a grammar that loops or a text made to be slow. 512 KB parse in about 300 ms. */
const parseTimeLimitMs = 2000

type Runtime = typeof import('@vscode/tree-sitter-wasm')

let starting: Promise<{ runtime: Runtime; parser: Parser }> | undefined
const grammars = new Map<string, Promise<Grammar>>()

/** The runtime is loaded with the first file that is worth parsing: 65 ms. */
const start = async (): Promise<{ runtime: Runtime; parser: Parser }> => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the package says its own types
  const runtime = require('@vscode/tree-sitter-wasm') as Runtime
  await runtime.Parser.init()
  return { runtime, parser: new runtime.Parser() }
}

const loadGrammar = (runtime: Runtime, name: string): Promise<Grammar> => {
  const folder = posix.dirname(require.resolve('@vscode/tree-sitter-wasm'))
  const loading =
    grammars.get(name) ?? runtime.Language.load(posix.join(folder, `tree-sitter-${name}.wasm`))
  grammars.set(name, loading)
  return loading
}

/** What `look` sees in the syntax of a text; undefined when it takes too long to parse. */
export const withSyntax = async <Result>(
  grammar: string,
  text: string,
  look: (root: Node) => Result,
): Promise<Result | undefined> => {
  starting ??= start()
  const { runtime, parser } = await starting
  parser.setLanguage(await loadGrammar(runtime, grammar))
  const end = performance.now() + parseTimeLimitMs
  let tree: Tree | null = null
  try {
    tree = parser.parse(text, null, { progressCallback: () => performance.now() > end })
    if (tree === null) {
      parser.reset()
      return undefined
    }
    return look(tree.rootNode)
  } finally {
    // Trees live in the memory of the WebAssembly instance: nobody else frees them.
    tree?.delete()
  }
}
