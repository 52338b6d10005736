				{
					__sveltekit_183oezc = {
						base: ""
					};

					const element = document.currentScript.parentElement;

					Promise.all([
						import("/_app/immutable/entry/start.M4vPqkZI.js"),
						import("/_app/immutable/entry/app.DhUgdocx.js")
					]).then(([kit, app]) => {
						kit.start(app, element);
					});
				}
