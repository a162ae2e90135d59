/** As the system has it, light, dark: one press each. */
import { AutoIcon, MoonIcon, SunIcon } from '../ui/icons';
import { nextTheme, setTheme, useTheme, type Theme } from '../ui/theme';

const words: Record<Theme, string> = { auto: 'as your system', light: 'light', dark: 'dark' };
const icons = { auto: AutoIcon, light: SunIcon, dark: MoonIcon };

export function ThemeButton() {
  const theme = useTheme();
  const Icon = icons[theme];
  const label = `Theme: ${words[theme]}. Change to ${words[nextTheme(theme)]}`;
  return (
    <button
      type="button"
      className="button button--bare"
      aria-label={label}
      title={label}
      onClick={() => setTheme(nextTheme(theme))}
    >
      <Icon />
    </button>
  );
}
