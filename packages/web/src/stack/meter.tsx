type MeterProps = { text: string; label: string; share: number | null }

/** A number with a small bar under it; the bar is missing where there is nothing to measure by. */
export const Meter = ({ text, label, share }: MeterProps) => (
  <span className="meter" title={label}>
    <span className="num">{text}</span>
    <span className="meter-track" aria-hidden="true">
      {share !== null && (
        <span
          className={share >= 0.9 ? 'meter-fill is-high' : 'meter-fill'}
          style={{ width: `${Math.min(100, Math.max(share > 0 ? 2 : 0, share * 100))}%` }}
        />
      )}
    </span>
  </span>
)
