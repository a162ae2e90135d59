// Runs before the first paint, so that a remembered theme never flashes the other one.
(function () {
  try {
    var theme = JSON.parse(localStorage.getItem('bellwether.theme'));
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch (_) {
    // Storage may be forbidden; the system's theme is then used.
  }
})();
