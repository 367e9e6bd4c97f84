const keptMax = 100

/** What a verification has found: all are counted, the first hundred kept. */
export const createFindings = () => {
  const first: string[] = []
  let count = 0
  return {
    first: first as readonly string[],
    count: (): number => count,
    add(finding: string): void {
      count += 1
      if (first.length < keptMax) first.push(finding)
    },
  }
}

export type Findings = ReturnType<typeof createFindings>
