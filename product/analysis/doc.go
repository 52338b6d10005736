// Package analysis is the room that understands every asset on its own timeline: what is said, by whom it is heard,
// what is seen, what is written in the picture, what a text is about, and what a person should look at before it is
// shown. Every result is a media.Annotation with range, score, model and source; a person's correction is never
// overwritten.
//
// It corresponds to Transcribe, Rekognition and the reading half of Comprehend in the platform's picture. It recognises
// nothing itself (engine/speech, engine/vision and engine/language do), does not decode (product/ingest leaves the sound
// and one picture a second under working keys), owns no workflow engine (engine/flow does), and deletes nothing: what
// moderation finds waits for a person.
//
// Vocabulary: an ability is one way of looking (ability.go lists them as data) with its own state per asset version; a
// run is one durable flow over one asset version, in which every ability that is asked for has its turn; a piece is the
// work of one step, at most five minutes of sound or 64 pictures; a finished piece lies in the processed store and is
// never done again; a receipt is what an ability took. Two requests for one version meet in one run.
//
// Example: a film of 60 s arrives. As soon as its sound is decoded (asset.heard) the run begins with "sound" and
// "speech", in the interactive lane, while the ladder is still encoded; when the pictures are there (asset.decoded) the
// same run, or the next, goes on with labels, objects, text and the rest. Where the model of an ability is not installed
// its state says so, and the ability runs by itself once the model is there.
package analysis
