type Environment = Readonly<Record<string, string>>

/**
 * An environment that notes which of its variables were read: templates and vaults ask for them in
 * places of their own, and whoever sends a file elsewhere sends these along and no others.
 */
export const noteReads = (
  environment: Environment,
): { environment: Environment; read(): string[] } => {
  const names = new Set<string>()
  const noted = new Proxy(environment, {
    getOwnPropertyDescriptor: (target, name) => {
      if (typeof name === 'string' && Object.hasOwn(target, name)) names.add(name)
      return Reflect.getOwnPropertyDescriptor(target, name)
    },
  })
  return { environment: noted, read: () => [...names].toSorted() }
}
