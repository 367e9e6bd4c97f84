/** Words of each command of a line: `a "b c" && d | e` is three. Quotes are taken off, nothing is expanded. */
export const splitCommands = (line: string): string[][] => {
  const commands: string[][] = []
  let words: string[] = []
  let word = ''
  let isWord = false
  let quote = ''
  const endWord = () => {
    if (isWord) words.push(word)
    word = ''
    isWord = false
  }
  const endCommand = () => {
    endWord()
    const program = words.findIndex((one) => !/^[A-Za-z_]\w*=/.test(one) && one !== 'sudo')
    if (program !== -1) commands.push(words.slice(program))
    words = []
  }
  const text = line.slice(0, 4000)
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index] ?? ''
    if (quote !== '') {
      if (char === quote) quote = ''
      else word += char
    } else if (char === '"' || char === "'") {
      quote = char
      isWord = true
    } else if (/\s/.test(char)) endWord()
    else if (char === '#' && !isWord) break
    else if (/[;|&\n]/.test(char)) endCommand()
    else {
      word += char
      isWord = true
    }
  }
  endCommand()
  return commands
}
