/** `10.0.0.0/8, 192.0.2.7` and one a line → each once. */
export const networksOf = (text: string): string[] => [
  ...new Set(text.split(/[\s,;]+/).filter((part) => part !== '')),
]
