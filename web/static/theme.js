// Sets theme and density before the first paint, so that nothing flashes. The console writes these keys in Settings.
(function () {
  var root = document.documentElement, theme = null, density = null;
  try {
    theme = localStorage.getItem('showreel.theme');
    density = localStorage.getItem('showreel.density');
  } catch (e) { /* storage may be switched off; the defaults hold */ }
  if (theme === 'system') theme = matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';
  root.dataset.theme = theme === 'light' ? 'light' : 'dark';
  root.dataset.density = density === 'compact' ? 'compact' : 'roomy';
})();
