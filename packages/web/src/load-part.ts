const triesMax = 3
const againMs = 500

/**
 * Loads a part of the page, again when the network was away for a moment: a laptop that changes its
 * network cuts what is under way, and a person should not have to reload for that.
 */
export const loadPart =
  <Part>(load: () => Promise<Part>): (() => Promise<Part>) =>
  async () => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await load()
      } catch (error) {
        if (tries >= triesMax) throw error
        await new Promise((resolve) => setTimeout(resolve, againMs * 2 ** (tries - 1)))
      }
    }
  }
