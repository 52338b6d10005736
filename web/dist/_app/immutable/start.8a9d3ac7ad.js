				{
					__sveltekit_183oezc = {
						base: ""
					};

					const element = document.currentScript.parentElement;

					Promise.all([
						import("/_app/immutable/entry/start.Dh6G4Xah.js"),
						import("/_app/immutable/entry/app.DODEzKv3.js")
					]).then(([kit, app]) => {
						kit.start(app, element);
					});
				}
