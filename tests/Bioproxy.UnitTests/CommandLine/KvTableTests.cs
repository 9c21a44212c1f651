using System.Text.Json;
using Bioproxy.Host.CommandLine;

namespace Bioproxy.UnitTests.CommandLine;

public sealed class KvTableTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 5, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void List_ShortAndLongCells_LineUp()
    {
        var answer = Json("""
            {"count":2,"bytes":3221225472,"free_bytes":5368709120,"snapshots":[
            {"file":"a.bin","label":"conversation","domain":"ada","tokens":12345,"turns":3,"bytes":3220176896,
             "last_used":"2030-01-05T00:00:00+00:00","pinned":false,"in_use":true,"fits_model":false},
            {"file":"bb.bin","label":"@code","domain":null,"tokens":7,"turns":1,"bytes":1048576,
             "last_used":"2030-01-02T00:00:00+00:00","pinned":true,"in_use":false,"fits_model":true}]}
            """);

        Assert.Equal(
            [
                "file    label         domain  tokens  turns     size  last used",
                "a.bin   conversation  ada     12,345      3  3.0 GiB        now  in use, other model",
                "bb.bin  @code         -            7      1  1.0 MiB     3 days  pinned",
                "2 snapshots, 3.0 GiB; 5.0 GiB free",
            ],
            Printed.Lines(KvTable.List(answer, Now)));
    }

    [Fact]
    public void Removed_DryRun_SaysWouldBe()
    {
        var answer = Json(
            """{"would_be_removed":[{"file":"a.bin","label":"@code","bytes":2048,"reason":"too many snapshots (kv.max_snapshots)"}]}""");

        Assert.Equal(
            [
                "would be removed  label     size  reason",
                "a.bin             @code  2.0 KiB  too many snapshots (kv.max_snapshots)",
                "1 would be removed",
            ],
            Printed.Lines(KvTable.Removed(answer)));
        Assert.Equal(["Nothing removed."], Printed.Lines(KvTable.Removed(Json("""{"removed":[]}"""))));
    }

    [Fact]
    public void List_NoSnapshots_IsOnlyTheTotal() =>
        Assert.Equal(["0 snapshots, 0.0 KiB"], Printed.Lines(KvTable.List(Json("""{"count":0,"bytes":0,"snapshots":[]}"""), Now)));

    [Fact]
    public void Show_Members_AreNamesAndValues() => Assert.Equal(
        ["file        a.bin", "in use      yes", "text bytes  12,345", "domain      -", "created     2030-01-05 00:00:00 +00:00"],
        Printed.Lines(KvTable.Show(Json(
            """{"file":"a.bin","in_use":true,"text_bytes":12345,"domain":null,"created":"2030-01-05T00:00:00+00:00"}"""))));

    private static JsonElement Json(string text)
    {
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
