declare global {
  namespace App {}
  interface Window {
    showDirectoryPicker?: unknown;
  }
}
export {};
