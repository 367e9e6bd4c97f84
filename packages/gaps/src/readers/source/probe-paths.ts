import type { Node } from '@vscode/tree-sitter-wasm'
import { evaluate } from './evaluate.ts'
import { scripts, type Looking, type Probe } from './probe.ts'
import { callOf, children, parentsOf, placeOf, readCall, stringText, valueOfKey } from './syntax.ts'

const add = (
  { file, found }: Looking,
  node: Node,
  path: string | undefined,
  method: string | undefined,
): void => {
  if (path === undefined || path.length > 300) return
  found.serves.push({ ...placeOf(file, node), path, method: method?.toUpperCase() })
}

const joined = (prefix: string, path: string): string => {
  const parts = [prefix, path].map((part) => part.replace(/^\/+|\/+$/g, ''))
  return `/${parts.filter((part) => part !== '').join('/')}`
}

const methods = /^(?:get|post|put|patch|delete|head|options)$/i

/** A client has `axios.get('/x')` too: a router is told by its name, or by its handler. */
const routerName =
  /(?:^|\.)(?:app|server|api|router|route|routes|fastify|hono|instance|r|e|v\d|g|mux|group|engine|\w*(?:router|routes?|app|server|mux|group))$/i

const lookAtScript = (word: Node, looking: Looking): void => {
  const call = callOf(word)
  if (call === undefined) return
  const { name, owner, args, node } = call
  if (name === 'route') {
    const path = stringText(args[0]) ?? stringText(valueOfKey(args[0], 'url'))
    if (routerName.test(owner) && path?.startsWith('/') === true)
      add(looking, node, path, undefined)
    return
  }
  const path = stringText(args[0])
  if (path?.startsWith('/') !== true || !routerName.test(owner)) return
  const handler = args.at(-1)
  const isHandled =
    args.length > 1 &&
    handler !== undefined &&
    !/^(?:object|string|template_string|number)$/.test(handler.type)
  if (isHandled) add(looking, node, path, name === 'all' ? undefined : name)
}

const lookAtPython = (word: Node, looking: Looking): void => {
  const call = callOf(word)
  const isDecorator = call?.node.parent?.type === 'decorator'
  if (call === undefined || !isDecorator) return
  const path = stringText(call.args[0] ?? call.named.get('path') ?? call.named.get('rule'))
  if (path === undefined || (path !== '' && !path.startsWith('/'))) return
  const named = /["'](\w{3,7})["']/.exec(call.named.get('methods')?.text ?? '')?.[1]
  const method = methods.test(call.name)
    ? call.name
    : (named ?? (call.name === 'route' ? 'get' : undefined))
  add(looking, call.node, joined(prefixOf(call.owner, looking, call.node), path), method)
}

/** `items = APIRouter(prefix="/items")`, `Blueprint("items", url_prefix="/items")`. */
const prefixOf = (router: string, { text }: Looking, node: Node): string => {
  if (!/^\w{1,60}$/.test(router)) return ''
  const made = new RegExp(
    `(?:^|\\n)${router}\\s*=\\s*(?:\\w+\\.)?(?:APIRouter|Blueprint)(?=\\()`,
  ).exec(text)
  if (made === null) return ''
  const at = node.tree.rootNode.namedDescendantForIndex(made.index + made[0].length - 1)
  const call = at === null ? undefined : callOf(at)
  return stringText(call?.named.get('prefix') ?? call?.named.get('url_prefix')) ?? ''
}

const annotationPaths = (annotation: Node | undefined): string[] => {
  const call = annotation === undefined ? undefined : readCall(annotation)
  const value = call?.named.get('value') ?? call?.named.get('path') ?? call?.args[0]
  if (value === undefined) return ['']
  const list = value.type === 'element_value_array_initializer' ? children(value) : [value]
  return list.flatMap((one) => evaluate(one).text ?? [])
}

/** Spring's mappings and JAX-RS' paths, below those of their class. */
const lookAtJava = (word: Node, looking: Looking): void => {
  const annotation = [...parentsOf(word, 2)].find(({ type }) => type.endsWith('annotation'))
  const holder = annotation?.parent?.parent
  if (annotation === undefined || holder == null || holder.type !== 'method_declaration') return
  const type = [...parentsOf(holder, 3)].find((one) => one.type === 'class_declaration')
  const ofClass = type === undefined ? undefined : mappingOf(type)
  const name = annotation.childForFieldName('name')?.text ?? ''
  const method =
    /^(Get|Post|Put|Patch|Delete)Mapping$/.exec(name)?.[1] ??
    /RequestMethod\.(\w{3,7})/.exec(annotation.text)?.[1]
  if (/@FeignClient\b/.test(type?.text.slice(0, 2000) ?? '')) return
  for (const prefix of annotationPaths(ofClass)) {
    for (const path of annotationPaths(annotation))
      add(looking, annotation, joined(prefix, path), method)
  }
}

const mappingOf = (type: Node): Node | undefined =>
  children(type)
    .filter((child) => child.type === 'modifiers')
    .flatMap(children)
    .find((one) => /^(?:RequestMapping|Path)$/.test(one.childForFieldName('name')?.text ?? ''))

const lookAtGo = (word: Node, looking: Looking): void => {
  const call = callOf(word)
  const written = stringText(call?.args[0])
  if (call === undefined || written === undefined || call.args.length < 2) return
  const { method, path } = /^(?:(?<method>[A-Z]{3,7}) )?(?<path>\/\S*)$/.exec(written)?.groups ?? {}
  const isHttp = methods.test(call.name)
  if (path === undefined || (isHttp && !routerName.test(call.owner))) return
  add(looking, call.node, path, isHttp ? call.name : method)
}

const lookAtCsharp = (word: Node, looking: Looking): void => {
  const call = callOf(word)
  if (call === undefined) return
  const map = /^Map(Get|Post|Put|Patch|Delete|Methods|HealthChecks)$/.exec(call.name)?.[1]
  if (map !== undefined) {
    const path = stringText(call.args[0])
    if (path === undefined || !/\w/.test(call.owner)) return
    return add(looking, call.node, joined('', path), methods.test(map) ? map : undefined)
  }
  const type = [...parentsOf(word, 8)].find((one) => one.type === 'class_declaration')
  if (type === undefined) return
  const route = attributeText(type, 'Route') ?? ''
  const own = (type.childForFieldName('name')?.text ?? '').replace(/Controller$/, '')
  const path = joined(route, stringText(call.args[0]) ?? '').replace('[controller]', own)
  add(looking, call.node, path, call.name.replace(/^Http/, ''))
}

const attributeText = (type: Node, name: string): string | undefined =>
  children(type)
    .filter((child) => child.type === 'attribute_list')
    .flatMap(children)
    .filter((one) => one.childForFieldName('name')?.text === name)
    .map((one) => stringText(readCall(one)?.args[0]))[0]

export const pathProbes: readonly Probe[] = [
  {
    languages: scripts,
    word: /\.(?:get|post|put|patch|delete|head|options|all|route)\b(?=(?:<[^()\n]{0,200}>)?\(\s{0,40}[`'"{])/g,
    look: lookAtScript,
  },
  {
    languages: ['python'],
    word: /@\w{1,60}(?:\.\w{1,60})?\.(?:get|post|put|patch|delete|head|options|route|api_route|websocket)\b(?=\()/g,
    look: lookAtPython,
  },
  {
    languages: ['java'],
    word: /@(?:(?:Get|Post|Put|Patch|Delete|Request)Mapping|Path)\b/g,
    look: lookAtJava,
  },
  {
    languages: ['go'],
    word: /\.(?:HandleFunc|Handle|GET|POST|PUT|PATCH|DELETE|Get|Post|Put|Patch|Delete)\b(?=\(\s{0,40}["`])/g,
    look: lookAtGo,
  },
  {
    languages: ['csharp'],
    word: /(?:\.Map(?:Get|Post|Put|Patch|Delete|Methods|HealthChecks)\b(?=\()|\bHttp(?:Get|Post|Put|Patch|Delete)\b(?=[\](,]))/g,
    look: lookAtCsharp,
  },
]
