package house

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"showreel/engine/blob"
	"showreel/fault"
	"showreel/platform/sqldb"
	"showreel/trust/access"
)

// Proof is the outcome of a verification.
type Proof struct {
	Checked int      `json:"checked"`
	Damaged []Damage `json:"damaged" nullable:"false"`
}

// Damage is one thing that is not as it was.
type Damage struct {
	What string `json:"what"`
	Why  string `json:"why"`
}

type proofOutput struct{ Body Proof }

func (h *House) verifyAudit(ctx context.Context, _ *struct{}) (*proofOutput, error) {
	report, err := h.audit.Verify(ctx)
	if err != nil && !fault.Is(err, fault.Corrupt) {
		return nil, err
	}
	out := Proof{Checked: int(report.Entries), Damaged: []Damage{}}
	if err != nil {
		out.Damaged = append(out.Damaged, Damage{"audit log", fault.TextOf(err)})
	}
	for _, p := range report.Problems {
		out.Damaged = append(out.Damaged, Damage{fmt.Sprintf("entry %d", p.Seq), p.Text})
	}
	return &proofOutput{out}, nil
}

// verifyBlobs reads every file of the caller's tenant. Originals are named by their hash; the others carry it.
func (h *House) verifyBlobs(ctx context.Context, _ *struct{}) (*proofOutput, error) {
	prefix := access.WhoFrom(ctx).Tenant + "/"
	out := Proof{Damaged: []Damage{}}
	for _, s := range []*blob.Store{h.blobs.Raw, h.blobs.Processed, h.blobs.Generated} {
		for after := ""; ; {
			page, err := s.List(ctx, prefix, after, 1000)
			if err != nil {
				return nil, err
			}
			for _, info := range page {
				after = info.Key
				why, there := examine(ctx, s, info)
				if there {
					out.Checked++
				}
				if why != "" {
					out.Damaged = append(out.Damaged, Damage{s.Name() + ": " + info.Key, why})
				}
			}
			if len(page) < 1000 {
				break
			}
		}
	}
	return &proofOutput{out}, ctx.Err()
}

// examine reads a file and says what is wrong with it. One that was deleted since it was listed is not there and not
// damaged; one that was replaced is read once more.
func examine(ctx context.Context, s *blob.Store, info blob.Info) (why string, there bool) {
	if why = damage(ctx, s, info); why == "" {
		return "", true
	}
	now, err := s.Stat(ctx, info.Key)
	if fault.Is(err, fault.NotFound) {
		page, err := s.List(ctx, info.Key, "", 1)
		if err == nil && (len(page) == 0 || page[0].Key != info.Key) {
			return "", false
		}
		return why, true
	}
	if err == nil && now != info {
		why = damage(ctx, s, now)
	}
	return why, true
}

func damage(ctx context.Context, s *blob.Store, info blob.Info) string {
	r, _, err := s.Open(ctx, info.Key)
	if err != nil {
		return fault.TextOf(err)
	}
	defer r.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, r)
	if err != nil {
		return "It cannot be read to its end: " + fault.TextOf(err)
	}
	if n != info.Size {
		return "Its length is not what the store says."
	}
	want := info.SHA256
	if i := strings.LastIndex(info.Key, "/src/"); i >= 0 {
		want = info.Key[strings.LastIndexByte(info.Key, '/')+1:]
	}
	if want != "" && hex.EncodeToString(sum.Sum(nil)) != want {
		return "Its bytes do not match its checksum."
	}
	return ""
}

// probeStore writes, reads and deletes a small file.
func probeStore(ctx context.Context, s *blob.Store) error {
	key := access.MainTenant + "/probe/" + sqldb.NewID()
	if _, err := s.Put(ctx, key, strings.NewReader("probe"), blob.PutOptions{Size: 5}); err != nil {
		return err
	}
	r, _, err := s.Open(ctx, key)
	if err != nil {
		return err
	}
	got, err := io.ReadAll(r)
	if closeErr := r.Close(); err == nil {
		err = closeErr
	}
	if err == nil && string(got) != "probe" {
		err = fault.E("house.probe", s.Name(), fault.Corrupt, nil)
	}
	if err != nil {
		return err
	}
	return s.Delete(ctx, key)
}
