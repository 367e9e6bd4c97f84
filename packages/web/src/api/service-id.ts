/** `<stack>/<service>`, split for the address of its page. */
export const splitServiceId = (id: string): { stack: string; name: string } => {
  const slash = id.indexOf('/')
  return slash === -1
    ? { stack: 'keelson', name: id }
    : { stack: id.slice(0, slash), name: id.slice(slash + 1) }
}
