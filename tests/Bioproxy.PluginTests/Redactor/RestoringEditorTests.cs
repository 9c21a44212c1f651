using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Bioproxy.Redactor;

namespace Bioproxy.PluginTests.Redactor;

public sealed class RestoringEditorTests : IDisposable
{
    private readonly FakeServices _services = new();
    private readonly PlaceholderMap _map = new();

    public RestoringEditorTests()
    {
        for (var i = 1; i <= 12; i++)
            _map.PlaceholderOf("KEY", $"key-{i}-😀");
        _map.PlaceholderOf("EMAIL", "ann@example.org");
        _map.PlaceholderOf("KEY_1", "[KEY_2]"); // a secret that looks like a placeholder is not restored again
    }

    public static TheoryData<string, string> Texts => new()
    {
        { "", "" },
        { "no placeholder at all", "no placeholder at all" },
        { "[KEY_1]", "key-1-😀" },
        { "[KEY_1] at the beginning", "key-1-😀 at the beginning" },
        { "at the end [EMAIL_1]", "at the end ann@example.org" },
        { "[KEY_1][KEY_12][KEY_2]", "key-1-😀key-12-😀key-2-😀" },
        { "one digit more [KEY_11], one less [KEY_1]", "one digit more key-11-😀, one less key-1-😀" },
        { "names in names [KEY_1_1]", "names in names [KEY_2]" },
        { "[[KEY_1]]", "[key-1-😀]" },
        { "[KEY_[KEY_2]", "[KEY_key-2-😀" },
        { "[KEY_[KEY_[EMAIL_1]]]", "[KEY_[KEY_ann@example.org]]" },
        { "array[i[KEY_3]] = []", "array[ikey-3-😀] = []" },
        { "unknown [KEY_13] [KEY_0] [KEY_01] [KEY_] [MAIL_1]", "unknown [KEY_13] [KEY_0] [KEY_01] [KEY_] [MAIL_1]" },
        { "half at the end [", "half at the end [" },
        { "half at the end [EMA", "half at the end [EMA" },
        { "half at the end [KEY_12", "half at the end [KEY_12" },
        { "wrong case [key_1]", "wrong case [key_1]" },
        { "😀[KEY_1]😀[EMAIL_1]😀[K😀]", "😀key-1-😀😀ann@example.org😀[K😀]" },
        { "link [KEY_4](https://x/[EMAIL_1])", "link key-4-😀(https://x/ann@example.org)" },
    };

    public void Dispose() => _services.Dispose();

    [Theory]
    [MemberData(nameof(Texts))]
    public void Restoring_WholeText_PutsSecretsBack(string text, string expected) => Assert.Equal(expected, Restore([text]));

    [Theory]
    [MemberData(nameof(Texts))]
    public void Restoring_EverySplitInTwo_GivesTheSame(string text, string expected)
    {
        for (var at = 0; at <= text.Length; at++)
        {
            if (!IsWithinCharacter(text, at))
                Assert.Equal(expected, Restore([text[..at], text[at..]]));
        }
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public void Restoring_EverySplitInThree_GivesTheSame(string text, string expected)
    {
        for (var first = 0; first <= text.Length; first++)
        {
            for (var second = first; second <= text.Length; second++)
            {
                if (!IsWithinCharacter(text, first) && !IsWithinCharacter(text, second))
                    Assert.Equal(expected, Restore([text[..first], text[first..second], text[second..]]));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public void Restoring_OneCharacterAtATime_GivesTheSame(string text, string expected) =>
        Assert.Equal(expected, Restore(text.EnumerateRunes().Select(rune => rune.ToString())));

    [Fact]
    public void Restoring_RandomTextsAndSplits_GivesWhatReplacingGives()
    {
        var random = new Random(20250711);
        string[] pieces = ["[", "]", "KEY", "_", "1", "2", "EMAIL", "[KEY_1", "[KEY_2]", "[EMAIL_1]", "😀", " "];
        for (var round = 0; round < 2000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 20)).Select(_ => pieces[random.Next(pieces.Length)]));
            var expected = Regex.Replace(text, @"\[[A-Z]+(?:_[0-9]+)+\]", match => _map.At(match.Value, out var secret) > 0
                ? secret
                : match.Value);
            var chunks = new List<string>();
            for (var at = 0; at < text.Length;)
            {
                var end = Math.Min(text.Length, at + random.Next(1, 6));
                end += IsWithinCharacter(text, end) ? 1 : 0;
                chunks.Add(text[at..end]);
                at = end;
            }

            Assert.Equal(expected, Restore(chunks));
        }
    }

    [Theory]
    [InlineData("text [", "text ")]
    [InlineData("text [KEY_1", "text ")]
    [InlineData("text [EMAIL_1", "text ")]
    [InlineData("text [EMAIL_2", "text [EMAIL_2")]
    [InlineData("text [K ", "text [K ")]
    [InlineData("text [KEY_13", "text [KEY_13")]
    [InlineData("text [KEY_1[", "text [KEY_1")]
    [InlineData("text [x", "text [x")]
    [InlineData("text ]", "text ]")]
    public void Editing_APieceThatEndsInABracket_HoldsBackOnlyWhatMayBecomeAPlaceholder(string text, string sentOn)
    {
        var editor = Editor(isJson: false);
        Assert.Equal(sentOn, editor.Edit(text));
        Assert.Equal(text[sentOn.Length..], editor.Finish());
        Assert.Equal("", editor.Finish());
    }

    [Fact]
    public void Editing_NothingToRestore_GivesTheSameString()
    {
        var text = "nothing [here] to see".ToLowerInvariant();
        Assert.Same(text, Editor(isJson: false).Edit(text));
    }

    [Fact]
    public void Editing_ToolArguments_EscapesSecretsAsWithinJson()
    {
        const string secret = "line 1\nline \"2\" \\ 😀\t";
        var placeholder = _map.PlaceholderOf("BLOCK", secret);
        var json = $$"""{"key":"before {{placeholder}} after","list":["[EMAIL_1]"]}""";
        for (var at = 0; at <= json.Length; at++)
        {
            using var restored = JsonDocument.Parse(Restore([json[..at], json[at..]], isJson: true));
            Assert.Equal($"before {secret} after", restored.RootElement.GetProperty("key").GetString());
            Assert.Equal("ann@example.org", restored.RootElement.GetProperty("list")[0].GetString());
        }
    }

    [Fact]
    public void Editing_Placeholders_CountsThem()
    {
        Restore(["[KEY_1] [KE", "Y_2] [KEY_99]"]);
        Assert.Equal(2, _services.Counted["restored"]);
    }

    /// <summary>All that comes out; no piece ends within a character.</summary>
    private string Restore(IEnumerable<string> chunks, bool isJson = false)
    {
        var editor = Editor(isJson);
        var result = new StringBuilder();
        foreach (var piece in chunks.Select(editor.Edit).ToList().Append(editor.Finish()))
        {
            Assert.False(piece.Length > 0 && (char.IsHighSurrogate(piece[^1]) || char.IsLowSurrogate(piece[0])),
                "A piece ends within a character.");
            result.Append(piece);
        }

        return result.ToString();
    }

    private RestoringEditor Editor(bool isJson) => new(_map, isJson, _services.Counter("restored", ""));

    private static bool IsWithinCharacter(string text, int at) => at > 0 && at < text.Length
        && char.IsSurrogatePair(text[at - 1], text[at]);
}
