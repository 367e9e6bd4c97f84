// Text as a vector: words and three-letter pieces, each hashed to one of 256 places with a sign
// (the hashing trick of Weinberger et al., 2009), damped by the logarithm, of length one. Texts that share words and word
// parts point the same way; the same text gives the same vector in every process and version.

export const dimensions = 256
const wordsMax = 5000

/** @param {string} text @returns {number[]} */
export const embed = (text) => {
  const counts = new Map()
  const count = (piece, weight) => counts.set(piece, (counts.get(piece) ?? 0) + weight)
  for (const word of wordsOf(text)) {
    count(word, 1)
    const padded = `<${word}>`
    for (let at = 0; at + 3 <= padded.length; at += 1) count(padded.slice(at, at + 3), 0.3)
  }
  const vector = Array.from({ length: dimensions }, () => 0)
  for (const [piece, weight] of counts) {
    const hash = hashOf(piece)
    vector[hash % dimensions] += (hash & 0x1_00_00 ? 1 : -1) * Math.log1p(weight)
  }
  const length = Math.hypot(...vector) || 1
  return vector.map((value) => Math.round((value / length) * 1e6) / 1e6)
}

/** Words that stand everywhere say nothing. */
const common = new Set(
  'a an and are as at be by for from has in is it of on or that the this to was were with'.split(
    ' ',
  ),
)

const wordsOf = (text) =>
  (
    text
      .normalize('NFKD')
      .toLowerCase()
      .match(/[\p{L}\p{N}]{2,40}/gu) ?? []
  )
    .filter((word) => !common.has(word))
    .slice(0, wordsMax)

/** FNV-1a, 32 bits. */
const hashOf = (text) => {
  let hash = 0x81_1c_9d_c5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01_00_01_93)
  return hash >>> 0
}
