package analysis_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"image"
	_ "image/jpeg"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"showreel/engine/vision"
	"showreel/fault"
	"showreel/media"
	"showreel/platform/sqldb"
	"showreel/platform/sqldb/sqldbtest"
	"showreel/product/analysis"
	"showreel/trust/access"
)

// crowdEyes see the faces that a test puts into each second.
type crowdEyes struct {
	*eyes
	show  atomic.Pointer[func(second int) []vision.Face]
	model atomic.Pointer[string]
}

func (e *crowdEyes) Faces(_ context.Context, p [][]byte, o vision.FaceOptions) ([][]vision.Face, error) {
	out := make([][]vision.Face, len(p))
	for n := range p {
		img, _, err := image.Decode(bytes.NewReader(p[n]))
		if err != nil {
			return nil, err
		}
		_, _, b, _ := img.At(32, 18).RGBA()
		for _, f := range (*e.show.Load())(int(math.Round(float64(b>>8) / 30))) {
			if !o.Vectors {
				f.Vector = nil
			}
			out[n] = append(out[n], f)
		}
	}
	return out, nil
}

// look is a vector near one of a few directions; wobble moves it a little.
func like(who int, wobble float64) []float32 {
	v := make([]float32, 16)
	sum := 0.0
	for n := range v {
		x := wobble * math.Sin(float64(7*n+who+int(100*wobble)))
		if n == who {
			x++
		}
		v[n] = float32(x)
		sum += x * x
	}
	for n := range v {
		v[n] /= float32(math.Sqrt(sum))
	}
	return v
}

func seenFace(who int, wobble float64, x float64) vision.Face {
	return vision.Face{Box: media.Box{X: x, Y: 0.2, W: 0.2, H: 0.3}, Score: 0.95, Sharp: 0.8, Vector: like(who, wobble),
		Points: [6][2]float64{{x + 0.05, 0.3}, {x + 0.15, 0.3}, {x + 0.1, 0.35}, {x + 0.1, 0.4}, {x, 0.3}, {x + 0.2, 0.3}}}
}

// registry is a stack with a crowd and a clock.
type registry struct {
	*stack
	eyes *crowdEyes
	ms   atomic.Int64
	dir  string
}

func openRegistry(t *testing.T, on bool) *registry {
	t.Helper()
	r := &registry{eyes: &crowdEyes{eyes: &eyes{}}, dir: t.TempDir()}
	r.ms.Store(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli())
	r.stack = open(t, r.dir, r.plug)
	if on {
		r.turnOn(t)
	}
	return r
}

func (r *registry) plug(d *analysis.Deps) {
	d.Vision = vision.New(r.eyes)
	d.Now = func() time.Time { return time.UnixMilli(r.ms.Load()) }
}

func (r *registry) turnOn(t *testing.T) {
	t.Helper()
	_, err := r.TurnBiometrics(as(t, access.RoleAdmin), analysis.Turn{Enabled: true, Basis: "release forms of the cast"})
	must(t, err)
}

// shoot makes a film of four seconds, two shots, and finds its faces.
func (r *registry) shoot(t *testing.T, show func(second int) []vision.Face) media.Ref {
	t.Helper()
	r.eyes.show.Store(&show)
	ref := r.film(t, 4)
	r.again(t, ref)
	return ref
}

func (r *registry) again(t *testing.T, ref media.Ref) {
	t.Helper()
	_, err := r.Analyze(as(t, access.RoleEditor), ref.Asset, 0, analysis.Ask{Only: []string{analysis.Faces}, Mode: analysis.All})
	must(t, err)
	for _, st := range r.ended(t, ref).Abilities {
		if st.Ability == analysis.Faces && st.State != analysis.Done {
			t.Fatalf("faces: %s %s", st.State, st.Text)
		}
	}
}

func alone(who int, wobble float64) func(int) []vision.Face {
	return func(int) []vision.Face { return []vision.Face{seenFace(who, wobble, 0.3)} }
}

// names lists who is on the face track, by annotation.
func (r *registry) names(t *testing.T, ref media.Ref) []string {
	t.Helper()
	list, err := r.lib.Annotations(system(t), ref, media.TrackFace)
	must(t, err)
	people, err := r.People(as(t, access.RoleEditor))
	must(t, err)
	out := []string{}
	for _, a := range list {
		name := ""
		for _, p := range people {
			if p.ID == a.Person {
				name = p.Name
			}
		}
		if a.Person != "" && name == "" {
			name = "?" + a.Person
		}
		out = append(out, name)
	}
	return out
}

func (r *registry) faces(t *testing.T, ref media.Ref) []analysis.FaceView {
	t.Helper()
	list, err := r.Faces(as(t, access.RoleEditor), ref.Asset, 0)
	must(t, err)
	return list
}

func (r *registry) decide(t *testing.T, face string, d analysis.Decision) analysis.FaceView {
	t.Helper()
	v, err := r.Decide(as(t, access.RoleEditor), face, d)
	must(t, err)
	return v
}

func (r *registry) expect(t *testing.T, ref media.Ref, what string, want ...string) {
	t.Helper()
	if got := r.names(t, ref); !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestANameSpreadsToEarlierAndLaterFilms(t *testing.T) {
	r := openRegistry(t, true)
	first, second := r.shoot(t, alone(0, 0.02)), r.shoot(t, alone(0, 0.05))
	other := r.shoot(t, alone(1, 0.02))
	waiting, err := r.Unnamed(as(t, access.RoleEditor))
	must(t, err)
	if len(waiting) != 2 || waiting[0].Faces != 4 || len(waiting[0].Assets) != 2 || waiting[1].Faces != 2 {
		t.Fatalf("who waits: %+v", waiting)
	}
	pic, err := r.FacePicture(as(t, access.RoleViewer), waiting[0].Face.ID)
	must(t, err)
	if img, _, err := image.Decode(bytes.NewReader(pic)); err != nil || img.Bounds().Dx() > 160 {
		t.Error("the crop:", err)
	}
	r.decide(t, r.faces(t, first)[0].ID, analysis.Decision{Name: "Ada"})
	later := r.shoot(t, alone(0, 0.04))
	for what, ref := range map[string]media.Ref{"named": first, "earlier": second, "later": later} {
		r.expect(t, ref, what, "Ada", "Ada")
	}
	r.expect(t, other, "somebody else", "", "")
	people, err := r.People(as(t, access.RoleViewer))
	must(t, err)
	if len(people) != 1 || people[0].Faces != 6 || people[0].Assets != 3 {
		t.Errorf("the person: %+v", people)
	}
}

func TestDecisionsSurviveAnalysisAgainAndAnotherModel(t *testing.T) {
	r := openRegistry(t, true)
	first, second, third := r.shoot(t, alone(0, 0.02)), r.shoot(t, alone(0, 0.05)), r.shoot(t, alone(0, 0.08))
	r.decide(t, r.faces(t, first)[0].ID, analysis.Decision{Name: "Ada"})
	ada := r.faces(t, first)[0].Person
	for _, f := range r.faces(t, second) {
		r.decide(t, f.ID, analysis.Decision{Verdict: analysis.DecideReject, Person: ada})
	}
	check := func(what string) {
		t.Helper()
		r.expect(t, first, what, "Ada", "Ada")
		r.expect(t, second, what+", told not to be her", "", "")
		r.expect(t, third, what, "Ada", "Ada")
	}
	check("at first")
	ids := r.faces(t, first)[0].ID
	for _, ref := range []media.Ref{first, second, third} {
		r.again(t, ref)
	}
	check("analysed again")
	if r.faces(t, first)[0].ID != ids {
		t.Error("a face analysed again has another id")
	}
	for n, ref := range []media.Ref{first, second, third} { // another model: everybody has another vector
		show := alone(9, 0.02+0.03*float64(n))
		r.eyes.show.Store(&show)
		r.again(t, ref)
	}
	check("another model")
	must(t, r.Regroup(system(t), "main"))
	check("grouped again")
}

func TestTwinsInOnePictureStayTwo(t *testing.T) {
	r := openRegistry(t, true)
	both := r.shoot(t, func(int) []vision.Face { return []vision.Face{seenFace(0, 0.01, 0.1), seenFace(0, 0.02, 0.6)} })
	faces := r.faces(t, both)
	if len(faces) != 4 {
		t.Fatalf("%d faces", len(faces))
	}
	left := slices.IndexFunc(faces, func(f analysis.FaceView) bool { return f.Box.X < 0.3 && f.StartMS == 0 })
	right := slices.IndexFunc(faces, func(f analysis.FaceView) bool { return f.Box.X > 0.3 && f.StartMS == 0 })
	if faces[left].Group == faces[right].Group {
		t.Error("two faces of one picture are one")
	}
	r.decide(t, faces[left].ID, analysis.Decision{Name: "Castor"})
	r.decide(t, faces[right].ID, analysis.Decision{Name: "Pollux"})
	for _, f := range r.faces(t, both) {
		if want := map[bool]string{true: "Castor", false: "Pollux"}[f.Box.X < 0.3]; f.StartMS == 0 && f.PersonName != want {
			t.Errorf("at %g: %q, want %s", f.Box.X, f.PersonName, want)
		}
	}
}

func TestMergeAndSplit(t *testing.T) {
	r := openRegistry(t, true)
	one, two := r.shoot(t, alone(0, 0.02)), r.shoot(t, alone(1, 0.02))
	r.decide(t, r.faces(t, one)[0].ID, analysis.Decision{Name: "Ada"})
	r.decide(t, r.faces(t, two)[0].ID, analysis.Decision{Name: "Countess"})
	ada, other := r.faces(t, one)[0].Person, r.faces(t, two)[0].Person
	_, err := r.MergePeople(as(t, access.RoleEditor), ada, []string{other})
	must(t, err)
	r.again(t, two)
	r.expect(t, one, "merged", "Ada", "Ada")
	r.expect(t, two, "merged", "Ada", "Ada")
	three := r.shoot(t, alone(3, 0.02))
	faces := r.faces(t, three)
	if faces[0].Group != faces[1].Group {
		t.Fatal("one person in two shots is two")
	}
	r.decide(t, faces[0].ID, analysis.Decision{Verdict: analysis.DecideApart, Other: faces[1].ID})
	r.again(t, three)
	if faces = r.faces(t, three); faces[0].Group == faces[1].Group {
		t.Error("what was told apart is one again")
	}
	r.decide(t, faces[0].ID, analysis.Decision{Verdict: analysis.DecideTogether, Other: faces[1].ID})
	if faces = r.faces(t, three); faces[0].Group != faces[1].Group {
		t.Error("what was joined is two")
	}
}

func TestOffByDefaultAndOnlyWithABasis(t *testing.T) {
	r := openRegistry(t, false)
	ref := r.shoot(t, alone(0, 0.02))
	b, err := r.BiometricSetting(as(t, access.RoleAdmin))
	must(t, err)
	if b.Enabled || b.Vectors != 0 || r.faces(t, ref)[0].Group != "" {
		t.Errorf("without a setting: %+v", b)
	}
	r.decide(t, r.faces(t, ref)[0].ID, analysis.Decision{Name: "Ada"})
	r.expect(t, ref, "named by hand only", "Ada", "")
	if _, err := r.TurnBiometrics(as(t, access.RoleAdmin), analysis.Turn{Enabled: true}); fault.CodeOf(err) != "missing-basis" {
		t.Error("turned on without a basis:", err)
	}
	for _, role := range []string{access.RoleViewer, access.RoleEditor} {
		if _, err := r.TurnBiometrics(as(t, role), analysis.Turn{Enabled: true, Basis: "x"}); !fault.Is(err, fault.Denied) {
			t.Errorf("a %s turned it on: %v", role, err)
		}
	}
}

// bytesOf are the forms in which a vector could lie in a file.
func bytesOf(v []float32) [][]byte {
	var raw, short []byte
	for _, f := range v {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(f))
		short = binary.LittleEndian.AppendUint16(short, uint16(int16(math.Round(32767*float64(f)))))
	}
	text, _ := json.Marshal(v[3:8])
	return [][]byte{raw[8:40], short[8:28], []byte(base64.StdEncoding.EncodeToString(raw)[16:48]), []byte(base64.StdEncoding.EncodeToString(short)[16:32]), bytes.Trim(text, "[]")}
}

// within lists the files of a folder that hold a needle.
func within(t *testing.T, dir string, needle []byte) []string {
	t.Helper()
	var out []string
	must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, needle) {
			out = append(out, path)
		}
		return err
	}))
	return out
}

func texts(t *testing.T, s *stack, query string) []string {
	t.Helper()
	rows, err := s.db.Read().QueryContext(t.Context(), query)
	must(t, err)
	defer rows.Close()
	var out []string
	for rows.Next() {
		var x string
		must(t, rows.Scan(&x))
		out = append(out, x)
	}
	return out
}

func TestTurningOffLeavesNoVectorOnDisk(t *testing.T) {
	r := openRegistry(t, true)
	first, second := r.shoot(t, alone(0, 0.02)), r.shoot(t, alone(0, 0.05))
	r.decide(t, r.faces(t, first)[0].ID, analysis.Decision{Name: "Ada"})
	r.again(t, second)
	sealed, wrapped := texts(t, r.stack, `SELECT sealed FROM analysis_vectors`), texts(t, r.stack, `SELECT wrapped FROM analysis_keys`)
	if len(sealed) != 4 || len(wrapped) != 1 {
		t.Fatalf("%d vectors, %d keys", len(sealed), len(wrapped))
	}
	if len(within(t, r.dir, []byte(wrapped[0])[:40])) == 0 || len(within(t, r.dir, []byte(sealed[0])[:40])) == 0 {
		t.Fatal("the search finds nothing even before")
	}
	b, err := r.TurnBiometrics(as(t, access.RoleAdmin), analysis.Turn{})
	must(t, err)
	if b.Enabled || b.Vectors != 0 {
		t.Errorf("after: %+v", b)
	}
	for _, key := range wrapped {
		if files := within(t, r.dir, []byte(key)[20:60]); len(files) > 0 {
			t.Errorf("the destroyed key is still in %v", files)
		}
	}
	for _, s := range sealed {
		if files := within(t, r.dir, []byte(s)[:40]); len(files) > 0 {
			t.Errorf("a sealed vector is still in %v", files)
		}
	}
	for _, v := range [][]float32{like(0, 0.02), like(0, 0.05)} {
		for n, form := range bytesOf(v) {
			if files := within(t, r.dir, form); len(files) > 0 {
				t.Errorf("a plain vector, form %d, is in %v", n, files)
			}
		}
	}
	r.expect(t, first, "names are gone", "", "")
	r.expect(t, second, "names are gone", "", "")
	third := r.shoot(t, alone(0, 0.02))
	r.expect(t, third, "matching has stopped", "", "")
	if n := len(texts(t, r.stack, `SELECT sealed FROM analysis_vectors`)); n != 0 {
		t.Errorf("%d vectors came back", n)
	}
	r.proves(t, "vectorsErased", `"vectorsErased":4`)
}

// proves looks for an entry in the audit.
func (r *registry) proves(t *testing.T, what, part string) {
	t.Helper()
	if !slices.ContainsFunc(texts(t, r.stack, `SELECT data FROM audit_entry`), func(d string) bool { return strings.Contains(d, part) }) {
		t.Errorf("the audit does not hold %s", what)
	}
}

func TestNamesTypedByHandStayOnlyWhereThePersonSaysSo(t *testing.T) {
	r := openRegistry(t, true)
	first, second := r.shoot(t, alone(0, 0.02)), r.shoot(t, alone(0, 0.05))
	r.decide(t, r.faces(t, first)[0].ID, analysis.Decision{Name: "Ada"})
	_, err := r.TurnBiometrics(as(t, access.RoleAdmin), analysis.Turn{KeepNames: true})
	must(t, err)
	r.expect(t, first, "typed by hand", "Ada", "")
	r.expect(t, second, "matched", "", "")
	r.again(t, first)
	r.expect(t, first, "analysed again", "Ada", "")
}

func TestRevokingOnePersonErasesThemAlone(t *testing.T) {
	r := openRegistry(t, true)
	hers, his := r.shoot(t, alone(0, 0.02)), r.shoot(t, alone(1, 0.02))
	r.decide(t, r.faces(t, hers)[0].ID, analysis.Decision{Name: "Ada"})
	r.decide(t, r.faces(t, his)[0].ID, analysis.Decision{Name: "Charles"})
	ada := r.faces(t, hers)[0].Person
	_, err := r.GiveConsent(as(t, access.RoleAdmin), ada, analysis.PersonConsent{Basis: "release form", Document: "archive/17"})
	must(t, err)
	wrapped, sealed := texts(t, r.stack, `SELECT wrapped FROM analysis_keys`), texts(t, r.stack, `SELECT v.sealed FROM analysis_vectors v JOIN analysis_tracks k ON k.id = v.track WHERE k.person = '`+ada+`'`)
	p, err := r.RevokeConsent(as(t, access.RoleAdmin), ada, false)
	must(t, err)
	if p.Withdrawn != "revoked" || p.Consent != nil || p.Faces != 0 {
		t.Errorf("%+v", p)
	}
	for _, gone := range append(wrapped, sealed...) {
		if files := within(t, r.dir, []byte(gone)[20:60]); len(files) > 0 {
			t.Errorf("still in %v", files)
		}
	}
	r.expect(t, hers, "hers", "", "")
	r.expect(t, his, "his", "Charles", "Charles")
	blur, err := r.Withheld(system(t), hers)
	must(t, err)
	if len(blur) != 2 {
		t.Errorf("%d of her 2 faces are to be blurred", len(blur))
	}
	r.again(t, hers)
	if n := len(texts(t, r.stack, `SELECT sealed FROM analysis_vectors`)); n != 2 {
		t.Errorf("%d vectors after her film was analysed again, want his 2", n)
	}
	r.again(t, his)
	r.expect(t, his, "his, under the new key", "Charles", "Charles")
	r.proves(t, "the revocation", `"keyChanged":true`)
}

func TestConsentExpiresByItself(t *testing.T) {
	r := openRegistry(t, true)
	ref := r.shoot(t, alone(0, 0.02))
	r.decide(t, r.faces(t, ref)[0].ID, analysis.Decision{Name: "Ada"})
	ada := r.faces(t, ref)[0].Person
	_, err := r.GiveConsent(as(t, access.RoleAdmin), ada, analysis.PersonConsent{Basis: "for the season", ExpiresMS: r.ms.Load() + 1000})
	must(t, err)
	must(t, r.ExpireDue(system(t)))
	r.expect(t, ref, "before", "Ada", "Ada")
	r.ms.Add(1000)
	must(t, r.ExpireDue(system(t)))
	r.expect(t, ref, "after", "", "")
	p, err := r.Person(as(t, access.RoleViewer), ada)
	must(t, err)
	if p.Withdrawn != "expired" {
		t.Errorf("%+v", p)
	}
}

func TestOnlyThoseWhoAgreedWhereTheTenantSaysSo(t *testing.T) {
	r := openRegistry(t, false)
	_, err := r.TurnBiometrics(as(t, access.RoleAdmin), analysis.Turn{Enabled: true, Basis: "consent", EachPerson: true})
	must(t, err)
	first, second := r.shoot(t, alone(0, 0.02)), r.shoot(t, alone(0, 0.05))
	r.decide(t, r.faces(t, first)[0].ID, analysis.Decision{Name: "Ada"})
	r.expect(t, second, "without her consent", "", "")
	_, err = r.GiveConsent(as(t, access.RoleAdmin), r.faces(t, first)[0].Person, analysis.PersonConsent{Basis: "release form"})
	must(t, err)
	r.expect(t, second, "with it", "Ada", "Ada")
}

func TestForgettingReachesThePeople(t *testing.T) {
	r := openRegistry(t, true)
	first, second := r.shoot(t, alone(0, 0.02)), r.shoot(t, alone(0, 0.05))
	r.decide(t, r.faces(t, first)[0].ID, analysis.Decision{Name: "Ada"})
	ada := r.faces(t, first)[0].Person
	must(t, r.db.Write(t.Context(), func(tx *sqldb.Tx) error { return r.Forget(t.Context(), tx, second) }))
	if n := len(texts(t, r.stack, `SELECT id FROM analysis_tracks WHERE asset = '`+second.Asset+`'`)); n != 0 {
		t.Errorf("%d faces of a purged film stay", n)
	}
	must(t, r.Erase(system(t), ada))
	for _, table := range []string{"analysis_vectors", "analysis_persons", "analysis_consents"} {
		if n := len(texts(t, r.stack, `SELECT '1' FROM `+table)); n != 0 {
			t.Errorf("%d rows stay in %s", n, table)
		}
	}
	r.expect(t, first, "erased", "", "")
	blur, err := r.Withheld(system(t), first)
	must(t, err)
	if len(blur) != 2 {
		t.Errorf("%d of 2 faces are to be blurred", len(blur))
	}
	if left := texts(t, r.stack, `SELECT person FROM analysis_links WHERE person = '`+ada+`'`); len(left) != 0 {
		t.Error("links name an erased person")
	}
}

// TestPeopleOnBothEngines runs naming, withdrawing and turning off on SQLite and on Postgres.
func TestPeopleOnBothEngines(t *testing.T) {
	sqldbtest.Each(t, nil, func(t *testing.T, db *sqldb.DB) {
		r := &registry{eyes: &crowdEyes{eyes: &eyes{}}, dir: t.TempDir()}
		url := "sqlite:" + filepath.Join(r.dir, "showreel.db")
		if db.Dialect() == sqldb.Postgres {
			url = sqldbtest.PostgresURL(t)
		}
		r.ms.Store(sqldb.NowMS())
		r.stack = openOn(t, r.dir, url, "sqlite:"+filepath.Join(r.dir, "flow.db"), r.plug)
		r.turnOn(t)
		hers, his := r.shoot(t, alone(0, 0.02)), r.shoot(t, alone(1, 0.02))
		r.decide(t, r.faces(t, hers)[0].ID, analysis.Decision{Name: "Ada"})
		r.decide(t, r.faces(t, his)[0].ID, analysis.Decision{Name: "Charles"})
		r.expect(t, hers, "named", "Ada", "Ada")
		_, err := r.RevokeConsent(as(t, access.RoleAdmin), r.faces(t, hers)[0].Person, false)
		must(t, err)
		r.expect(t, hers, "withdrawn", "", "")
		r.expect(t, his, "the other", "Charles", "Charles")
		_, err = r.TurnBiometrics(as(t, access.RoleAdmin), analysis.Turn{})
		must(t, err)
		r.expect(t, his, "turned off", "", "")
		for _, table := range []string{"analysis_vectors", "analysis_keys"} {
			if n := len(texts(t, r.stack, `SELECT tenant FROM `+table)); n != 0 {
				t.Errorf("%d rows stay in %s", n, table)
			}
		}
		must(t, r.ExpireDue(system(t)))
	})
}
