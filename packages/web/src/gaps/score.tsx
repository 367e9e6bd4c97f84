/** Out of 100; the words around it say what it is. */
export const Score = ({ score }: { score: number }) => (
  <p className="gap-score num">
    <strong>{score}</strong>
    <span className="muted small"> of 100</span>
  </p>
)
