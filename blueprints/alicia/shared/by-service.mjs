/**
 * Instances by their service. (`Map.groupBy` needs Node 21.)
 * @template {{ service: string }} Instance
 * @param {Iterable<Instance>} instances
 * @returns {Map<string, Instance[]>}
 */
export const byService = (instances) => {
  const groups = new Map()
  for (const instance of instances) {
    const { service } = instance
    groups.set(service, [...(groups.get(service) ?? []), instance])
  }
  return groups
}
