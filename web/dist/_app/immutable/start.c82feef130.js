				{
					__sveltekit_183oezc = {
						base: ""
					};

					const element = document.currentScript.parentElement;

					Promise.all([
						import("/_app/immutable/entry/start.DzazznLj.js"),
						import("/_app/immutable/entry/app.DW_lokXI.js")
					]).then(([kit, app]) => {
						kit.start(app, element);
					});
				}
