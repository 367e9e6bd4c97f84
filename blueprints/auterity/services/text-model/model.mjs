const wordsOf = (text) => text.toLowerCase().match(/[\p{L}\p{N}]{2,30}/gu) ?? []

const countWords = (texts) => {
  const counts = new Map()
  for (const word of texts.flatMap(wordsOf)) counts.set(word, (counts.get(word) ?? 0) + 1)
  return counts
}

/**
 * Multinomial naive Bayes with add-one smoothing (Manning, Raghavan, Schütze: Introduction to
 * Information Retrieval, 13.2).
 * @param {readonly { label: string, text: string }[]} examples
 */
export const learn = (examples) => {
  const labels = [...new Set(examples.map(({ label }) => label))]
  const vocabulary = new Set(examples.flatMap(({ text }) => wordsOf(text)))
  const classes = labels.map((label) => {
    const own = examples.filter((example) => example.label === label)
    const counts = countWords(own.map(({ text }) => text))
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
    return { label, counts, total, prior: Math.log(own.length / examples.length) }
  })
  const classify = (text) => {
    const words = wordsOf(text).filter((word) => vocabulary.has(word))
    const scores = classes.map(({ label, counts, total, prior }) => ({
      label,
      score: words.reduce(
        (sum, word) => sum + Math.log(((counts.get(word) ?? 0) + 1) / (total + vocabulary.size)),
        prior,
      ),
    }))
    const best = scores.reduce((one, other) => (other.score > one.score ? other : one))
    const sum = scores.reduce((all, { score }) => all + Math.exp(score - best.score), 0)
    return { label: best.label, confidence: Math.round(1000 / sum) / 1000 }
  }
  return { classes: classes.map(({ label }) => label), classify }
}

const sentencesMax = 3

/** The sentences that say most of what the text is about, in their order. */
export const summarize = (text) => {
  const sentences = text.match(/[^.!?\n]+[.!?]?/g)?.map((one) => one.trim()) ?? []
  const counts = countWords(sentences)
  const scored = sentences
    .filter((sentence) => sentence !== '')
    .map((sentence, index) => {
      const words = wordsOf(sentence).filter((word) => word.length > 3)
      const score = words.reduce((sum, word) => sum + (counts.get(word) ?? 0), 0)
      return { sentence, index, score: score / Math.sqrt(words.length || 1) }
    })
  return scored
    .toSorted((one, other) => other.score - one.score)
    .slice(0, sentencesMax)
    .toSorted((one, other) => one.index - other.index)
    .map(({ sentence }) => sentence)
    .join(' ')
}
