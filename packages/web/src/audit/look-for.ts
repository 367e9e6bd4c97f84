type Page<Row> = { items: Row[]; nextCursor: string | null }

/** What is searched for may be far back; after so many answers the person is asked. */
const looksMax = 20

/** One page of rows, of as many answers as it takes: an answer may hold few, or none. */
export const lookFor = async <Row>(
  from: string | null,
  rowsMax: number,
  look: (cursor: string | null, limit: number) => Promise<Page<Row>>,
): Promise<Page<Row>> => {
  const items: Row[] = []
  let cursor = from
  for (let looks = 1; ; looks += 1) {
    const found = await look(cursor, rowsMax - items.length)
    items.push(...found.items)
    cursor = found.nextCursor
    if (cursor === null || items.length >= rowsMax || looks === looksMax) {
      return { items, nextCursor: cursor }
    }
  }
}
