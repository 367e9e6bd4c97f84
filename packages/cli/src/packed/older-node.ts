/**
 * What Node 20 lacks of the language's library and this program uses. Each is defined only where it
 * is missing, as ECMAScript 2024 and 2025 say.
 */
const define = (target: object, name: string, value: unknown): void => {
  if (name in target) return
  Object.defineProperty(target, name, { value, writable: true, configurable: true })
}

const groupBy = <Item, Key>(items: Iterable<Item>, keyOf: (item: Item, index: number) => Key) => {
  const groups = new Map<Key, Item[]>()
  let index = 0
  for (const item of items) {
    const key = keyOf(item, index)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
    index += 1
  }
  return groups
}
define(Map, 'groupBy', groupBy)
define(Object, 'groupBy', <Item>(items: Iterable<Item>, keyOf: (item: Item) => PropertyKey) =>
  Object.assign(Object.create(null), Object.fromEntries(groupBy(items, keyOf))),
)

define(Promise, 'withResolvers', () => {
  let resolve: unknown
  let reject: unknown
  const promise = new Promise((...both) => {
    ;[resolve, reject] = both
  })
  return { promise, resolve, reject }
})
define(Promise, 'try', async (work: (...given: unknown[]) => unknown, ...given: unknown[]) =>
  work(...given),
)
define(Array, 'fromAsync', async <Item>(items: AsyncIterable<Item> | Iterable<Item>) => {
  const list: Item[] = []
  for await (const item of items) list.push(item)
  return list
})

type Sized<Item> = Set<Item>
define(Set.prototype, 'union', function <Item>(this: Sized<Item>, other: Sized<Item>) {
  return new Set([...this, ...other.keys()])
})
define(Set.prototype, 'intersection', function <Item>(this: Sized<Item>, other: Sized<Item>) {
  return new Set([...this].filter((item) => other.has(item)))
})
define(Set.prototype, 'difference', function <Item>(this: Sized<Item>, other: Sized<Item>) {
  return new Set([...this].filter((item) => !other.has(item)))
})
define(Set.prototype, 'isSubsetOf', function <Item>(this: Sized<Item>, other: Sized<Item>) {
  return [...this].every((item) => other.has(item))
})
define(Set.prototype, 'isSupersetOf', function <Item>(this: Sized<Item>, other: Sized<Item>) {
  return [...other.keys()].every((item) => this.has(item))
})
define(Set.prototype, 'isDisjointFrom', function <Item>(this: Sized<Item>, other: Sized<Item>) {
  return ![...this].some((item) => other.has(item))
})

/** Iterator helpers: lazily, so that a `find` over a long list stops where it finds. */
const iterators = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())) as object
type Judge<Item, Result> = (item: Item, index: number) => Result
type Items<Item> = Iterable<Item>

define(iterators, 'map', function* <Item, To>(this: Items<Item>, to: Judge<Item, To>) {
  let index = 0
  for (const item of this) yield to(item, index++)
})
define(iterators, 'filter', function* <Item>(this: Items<Item>, is: Judge<Item, boolean>) {
  let index = 0
  for (const item of this) if (is(item, index++)) yield item
})
define(iterators, 'flatMap', function* <Item, To>(this: Items<Item>, to: Judge<Item, Items<To>>) {
  let index = 0
  for (const item of this) yield* to(item, index++)
})
define(iterators, 'take', function* <Item>(this: Items<Item>, limit: number) {
  let left = limit
  if (left <= 0) return
  for (const item of this) {
    yield item
    left -= 1
    if (left <= 0) return
  }
})
define(iterators, 'drop', function* <Item>(this: Items<Item>, limit: number) {
  let left = limit
  for (const item of this) {
    if (left <= 0) yield item
    else left -= 1
  }
})
define(iterators, 'toArray', function <Item>(this: Items<Item>) {
  return [...this]
})
define(iterators, 'forEach', function <Item>(this: Items<Item>, work: Judge<Item, void>) {
  let index = 0
  for (const item of this) work(item, index++)
})
define(iterators, 'some', function <Item>(this: Items<Item>, is: Judge<Item, boolean>) {
  let index = 0
  for (const item of this) if (is(item, index++)) return true
  return false
})
define(iterators, 'every', function <Item>(this: Items<Item>, is: Judge<Item, boolean>) {
  let index = 0
  for (const item of this) if (!is(item, index++)) return false
  return true
})
define(iterators, 'find', function <Item>(this: Items<Item>, is: Judge<Item, boolean>) {
  let index = 0
  for (const item of this) if (is(item, index++)) return item
  return undefined
})
define(iterators, 'reduce', function <
  Item,
>(this: Items<Item>, ...[fold, ...start]: [(sum: unknown, item: Item, index: number) => unknown, ...unknown[]]) {
  return start.length > 0 ? [...this].reduce(fold, start[0]) : [...this].reduce(fold as never)
})
