/** The page's few pictures, drawn in the text's colour. */
import type { ReactNode } from 'react';

function Icon({ children, size = 18 }: { children: ReactNode; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

/** The mark: a bell cut through by a rising price. */
export function Mark() {
  return (
    <svg width="26" height="26" viewBox="0 0 32 32" fill="currentColor" aria-hidden="true">
      <path d="M16 4.5c-4.6 0-7 3.4-7 8.2 0 4.4-1.3 6.8-3.4 8.6h5.3l2.4-4.6 3.2 5.8 3.1-9 2.4 7.8h4.4c-2.1-1.8-3.4-4.2-3.4-8.6 0-4.8-2.4-8.2-7-8.2z" />
      <circle cx="16" cy="26.4" r="2.2" />
    </svg>
  );
}

export const BellIcon = () => (
  <Icon>
    <path d="M10 3a4.5 4.5 0 0 0-4.5 4.5c0 3.5-1 5-2 6h13c-1-1-2-2.5-2-6A4.5 4.5 0 0 0 10 3Z" />
    <path d="M8.5 16.5a1.6 1.6 0 0 0 3 0" />
  </Icon>
);
export const SearchIcon = () => (
  <Icon>
    <circle cx="9" cy="9" r="5.5" />
    <path d="m13.5 13.5 4 4" />
  </Icon>
);
export const CloseIcon = ({ size }: { size?: number }) => (
  <Icon {...(size ? { size } : {})}>
    <path d="m5 5 10 10M15 5 5 15" />
  </Icon>
);
export const BackIcon = () => (
  <Icon>
    <path d="M12 4 6 10l6 6" />
  </Icon>
);
export const PlusIcon = () => (
  <Icon>
    <path d="M10 4v12M4 10h12" />
  </Icon>
);
export const CheckIcon = () => (
  <Icon>
    <path d="m4 10.5 4 4 8-9" />
  </Icon>
);
export const PenIcon = () => (
  <Icon>
    <path d="m4 16 .8-3.2L13.5 4l2.5 2.5-8.8 8.7z" />
  </Icon>
);
export const BinIcon = () => (
  <Icon>
    <path d="M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6" />
  </Icon>
);
export const GripIcon = () => (
  <svg width="10" height="16" viewBox="0 0 10 16" fill="currentColor" aria-hidden="true">
    {[3, 8, 13].map((y) => (
      <g key={y}>
        <circle cx="2.5" cy={y} r="1.2" />
        <circle cx="7.5" cy={y} r="1.2" />
      </g>
    ))}
  </svg>
);
export const SunIcon = () => (
  <Icon>
    <circle cx="10" cy="10" r="3.5" />
    <path d="M10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1.1 1.1M14.6 14.6l1.1 1.1M4.3 15.7l1.1-1.1M14.6 5.4l1.1-1.1" />
  </Icon>
);
export const MoonIcon = () => (
  <Icon>
    <path d="M16.5 11.8A7 7 0 0 1 8.2 3.5a7 7 0 1 0 8.3 8.3z" />
  </Icon>
);
export const AutoIcon = () => (
  <Icon>
    <circle cx="10" cy="10" r="6.5" />
    <path d="M10 3.5v13a6.5 6.5 0 0 0 0-13z" fill="currentColor" stroke="none" />
  </Icon>
);
export const HelpIcon = () => (
  <Icon>
    <circle cx="10" cy="10" r="7.5" />
    <path d="M7.9 7.8a2.1 2.1 0 1 1 3.2 1.8c-.8.5-1.1.9-1.1 1.8M10 14h.01" />
  </Icon>
);
export const WalletIcon = () => (
  <Icon>
    <path d="M15.5 6.5v-2h-11a1.5 1.5 0 0 0 0 3H16a1 1 0 0 1 1 1v6a1.5 1.5 0 0 1-1.5 1.5H5A2 2 0 0 1 3 14V6M13.5 11.5h.01" />
  </Icon>
);
export const ShareIcon = () => (
  <Icon>
    <path d="M10 12.5V3m0 0L6.5 6.5M10 3l3.5 3.5M5.5 9.5H4v7h12v-7h-1.5" />
  </Icon>
);
export const PersonIcon = () => (
  <Icon>
    <circle cx="10" cy="7" r="3.2" />
    <path d="M4 16.5c.6-3.2 3-4.8 6-4.8s5.4 1.6 6 4.8" />
  </Icon>
);
export const PaperIcon = () => (
  <Icon>
    <path d="M3.5 4.5h10v11H5A1.5 1.5 0 0 1 3.5 14zM13.5 8h3v6a1.5 1.5 0 0 1-3 0M6.2 7.5h4.6M6.2 10h4.6M6.2 12.5h3" />
  </Icon>
);
