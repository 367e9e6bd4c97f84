/** Settings of several services that belong together. */
export const templates = {
  vacation: {
    does: 'Nobody is at home for a while: cool rooms, doors that lock at once',
    services: {
      climate: { awayTarget: 12 },
      locks: { relockSeconds: 5 },
      presence: { emptyAfterSeconds: 5 },
    },
  },
  everyday: {
    does: 'Somebody lives here',
    services: {
      climate: { awayTarget: 16 },
      locks: { relockSeconds: 30 },
      presence: { emptyAfterSeconds: 20 },
    },
  },
}
