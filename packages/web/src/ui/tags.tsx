/** Names side by side; a dash where there is none. */
export const Tags = ({ names }: { names: readonly string[] }) =>
  names.length === 0 ? (
    <span className="muted">–</span>
  ) : (
    <span className="tags">
      {names.map((name) => (
        <span key={name} className="tag">
          {name}
        </span>
      ))}
    </span>
  )
