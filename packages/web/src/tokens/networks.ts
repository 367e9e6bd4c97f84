/** `10.0.0.0/8, 192.0.2.7` and one a line → each once. */
export const networksOf = (text: string): string[] => [
  ...new Set(text.split(/[\s,;]+/).filter((part) => part !== '')),
]

const v4 = /^(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}$/
const lengthPattern = /^(?:0|[1-9]\d{0,2})$/

const isNetwork = (text: string): boolean => {
  const [address = '', length = '0', ...rest] = text.split('/')
  const isV4 = v4.test(address)
  const isV6 = address.includes(':') && URL.canParse(`http://[${address}]/`)
  const isLength = lengthPattern.test(length) && Number(length) <= (isV4 ? 32 : 128)
  return (isV4 || isV6) && isLength && rest.length === 0
}

/** Which of them is none; undefined: all are, or nothing is typed yet. */
export const networksFault = (text: string): string | undefined => {
  const wrong = networksOf(text).find((part) => !isNetwork(part))
  return wrong === undefined
    ? undefined
    : `${wrong} is no address and no range: write 192.0.2.7 or 10.0.0.0/8.`
}
