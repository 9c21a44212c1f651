using Bioproxy.Redactor;

namespace Bioproxy.PluginTests.Redactor;

public sealed class MaskingTests
{
    private static readonly string Block = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n" + new string('A',
        64) + "\n" + new string('b', 20) + "==\n-----END RSA PRIVATE KEY-----";

    public static TheoryData<string, string, string> BuiltIn => new()
    {
        { "email", "Write to ann.b+c@mail.example.org, please.", "Write to [EMAIL_1], please." },
        { "email", "no@address @here a@b", "no@address @here a@b" },
        { "api_key", $"key sk-{new string('0', 24)}!", "key [API_KEY_1]!" },
        { "api_key", $"ghp_{new string('0', 36)} AKIA{new string('0', 16)}", "[API_KEY_1] [API_KEY_2]" },
        { "api_key", "risk-averse, sk-short, task-0000000000000000000000", "risk-averse, sk-short, task-0000000000000000000000" },
        { "bearer_token", "-H 'Authorization: Bearer abcdefgh12345678'", "-H 'Authorization: Bearer [BEARER_TOKEN_1]'" },
        { "jwt", "eyJ0000000000.eyJ0000000000.0000000000", "[JWT_1]" },
        { "password", "DB_PASSWORD=hunter2x\npassword: string", "DB_PASSWORD=[PASSWORD_1]\npassword: string" },
        { "password", """{"password": "hun ter2x"}""", """{"password": "hun ter2x"}""" },
        { "password", """{"password": "hunter2x"}""", """{"password": "[PASSWORD_1]"}""" },
        { "url_password", "postgres://app:s3cret@db/x", "postgres://app:[URL_PASSWORD_1]@db/x" },
        { "private_key", $"a\n{Block}\nb", "a\n[PRIVATE_KEY_1]\nb" },
        { "private_key", $"a\n{Block.Replace("\n", "\\n", StringComparison.Ordinal)}\\nb", "a\n[PRIVATE_KEY_1]\\nb" },
        { "private_key", $"a\n{Block}\n{Block.Replace("AAAA", "BBBB", StringComparison.Ordinal)}b",
            "a\n[PRIVATE_KEY_1]\n[PRIVATE_KEY_2]b" },
        { "private_key", $"-----BEGIN PRIVATE KEY-----\n{new string('A', 64)}\n{new string('A', 64)}\nand so on",
            "[PRIVATE_KEY_1]\nand so on" },
        { "private_key", "-----BEGIN PRIVATE KEY----- is how it begins", "-----BEGIN PRIVATE KEY----- is how it begins" },
        { "iban", "DE89370400440532013000 and DE89 3704 0044 0532 0130 00.", "[IBAN_1] and [IBAN_2]." },
        { "credit_card", "4111 1111 1111 1111, 4111111111111111, 3782 822463 10005", "[CREDIT_CARD_1], [CREDIT_CARD_2], [CREDIT_CARD_3]" },
        { "credit_card", "1700000000000 and 20250711121314", "1700000000000 and 20250711121314" },
    };

    [Theory]
    [MemberData(nameof(BuiltIn))]
    public void Masking_BuiltInPattern_MasksTheSecretAndNothingElse(string name, string text, string expected)
    {
        var masking = new Masking(Patterns(use: [name]), hidesLookAlikes: true);
        Assert.Equal(expected, masking.Mask(text, secrets: true));
        Assert.Equal(text, Restored(masking, expected));
    }

    [Fact]
    public void Masking_EveryBuiltInPattern_HasATest() =>
        Assert.Equal(BuiltInPatterns.All.Keys.Order(), BuiltIn.Select(row => (string)row[0]!).Distinct().Order());

    [Fact]
    public void Masking_NothingFound_GivesTheSameString()
    {
        var text = "Nothing To See".ToLowerInvariant();
        var masking = new Masking(Patterns(use: [.. BuiltInPatterns.All.Keys]), hidesLookAlikes: true);
        Assert.Same(text, masking.Mask(text, secrets: true));
        Assert.Equal(0, masking.Masked);
    }

    [Theory]
    [InlineData("abcd", "b|abcd", "[P_1]")] // one pattern finds the leftmost
    [InlineData("xabcy", "abc", "x[P_1]y")]
    [InlineData("", "a*", "")] // empty matches are none
    [InlineData("xay", "a*", "x[P_1]y")]
    [InlineData("x😀y", "x.", "[P_1]y")] // '.' is half of the character
    [InlineData("x😀y", @"[\uDE00]y", "x[P_1]")]
    [InlineData("x😀y", @"\uD83D", "x[P_1]y")]
    [InlineData("naïve Zoë", "Zoë", "naïve [P_1]")]
    public void Masking_OnePattern_MasksWholeCharacters(string text, string pattern, string expected)
    {
        var masking = new Masking(Patterns(("p", pattern)), hidesLookAlikes: true);
        Assert.Equal(expected, masking.Mask(text, secrets: true));
        Assert.Equal(text, Restored(masking, expected));
    }

    [Theory]
    [InlineData("abcdef", "[LONG_1]")] // one within the other
    [InlineData("abc abcdef abc", "[SHORT_1] [LONG_1] [SHORT_1]")]
    [InlineData("xxabc", "[OTHER_1]")] // they overlap: no rest of either is left
    [InlineData("xxabcdef", "[OTHER_1]")] // a chain of three
    [InlineData("xxab abc", "[OTHER_1] [SHORT_1]")]
    [InlineData("abcabc", "[SHORT_1][SHORT_1]")] // side by side they are two
    public void Masking_PatternsThatOverlap_LeavesNoPartOfAMatch(string text, string expected)
    {
        var masking = new Masking(Patterns(("short", "abc"), ("long", "abcdef"), ("other", "xxab")), hidesLookAlikes: true);
        Assert.Equal(expected, masking.Mask(text, secrets: true));
        Assert.Equal(text, Restored(masking, expected));
    }

    [Fact]
    public void Masking_SameMatchByTwoPatterns_TakesTheNameOfTheFirst() =>
        Assert.Equal("[B_1]", new Masking(Patterns(("b", "[a-z]+"), ("a", "[a-z]+")), hidesLookAlikes: true).Mask("abc", secrets: true));

    [Fact]
    public void Masking_SecretsOfSeveralTexts_NumbersThemByFirstOccurrence()
    {
        var masking = new Masking(Patterns(use: ["email"]), hidesLookAlikes: true);
        Assert.Equal("[EMAIL_1] [EMAIL_2] [EMAIL_1]", masking.Mask("b@x.org a@x.org b@x.org", secrets: true));
        Assert.Equal("[EMAIL_2] [EMAIL_3]", masking.Mask("a@x.org c@x.org", secrets: true));
        Assert.Equal(5, masking.Masked);
        Assert.Equal(3, masking.Map.Count);
    }

    [Fact]
    public void Masking_KnownSecretWhereNoPatternFindsIt_IsMaskedBehindItsFirstPlace()
    {
        var masking = new Masking(Patterns(use: ["password"]), hidesLookAlikes: true);
        Assert.Equal("is hunter2x good?", masking.Mask("is hunter2x good?", secrets: true)); // nobody has said yet that it is one
        Assert.Equal("[PASSWORD_1]: password=[PASSWORD_1]", masking.Mask("hunter2x: password=hunter2x", secrets: true));
        Assert.Equal("Yours is x[PASSWORD_1]x.", masking.Mask("Yours is xhunter2xx.", secrets: true));
    }

    [Fact]
    public void Masking_ShortKnownSecret_IsMaskedOnlyWhereAPatternFindsIt()
    {
        var masking = new Masking(Patterns(("pin", "pin (?<secret>[0-9]+)")), hidesLookAlikes: true);
        Assert.Equal("pin [PIN_1] is 1234", masking.Mask("pin 1234 is 1234", secrets: true));
    }

    [Fact]
    public void Masking_GroupThatTookNoPart_MasksTheWholeMatch() =>
        Assert.Equal("[P_1] k=[P_2]", new Masking(Patterns(("p", "top-secret|k=(?<secret>[0-9]+)")),
            hidesLookAlikes: true).Mask("top-secret k=12", secrets: true));

    [Fact]
    public void Masking_TextThatLooksLikeAPlaceholder_GetsOneOfItsOwnAndComesBack()
    {
        var masking = new Masking(Patterns(use: ["email"]), hidesLookAlikes: true);
        const string text = "What is [EMAIL_1]? a@x.org, [EMAIL_2], [EMAIL_1], [OTHER_1], [EMAIL_x]";
        var masked = masking.Mask(text, secrets: true);
        Assert.Equal("What is [EMAIL_1]? [EMAIL_2], [EMAIL_3], [EMAIL_1], [OTHER_1], [EMAIL_x]", masked);
        Assert.Equal(text, Restored(masking, masked));
        Assert.Equal("[EMAIL_3] b@x.org", masking.Mask("[EMAIL_2] b@x.org", secrets: false)); // also where secrets stay
    }

    [Fact]
    public void Masking_WithoutRestoring_LeavesPlaceholdersOfEarlierAnswers()
    {
        var masking = new Masking(Patterns(use: ["email"]), hidesLookAlikes: false);
        Assert.Equal("[EMAIL_1]", masking.Mask("a@x.org", secrets: true));
        Assert.Equal("Your address is [EMAIL_1].", masking.Mask("Your address is [EMAIL_1].", secrets: true));
    }

    [Fact]
    public void Masking_RandomTexts_RestoresEveryTextAndLeavesNoMatch()
    {
        var random = new Random(7);
        string[] pieces = ["[", "]", "EMAIL", "K", "_", "1", "2", "[EMAIL_1]", "[K_2]", "a@x.org", "b@x.org", "key-1", "key-22", "kee",
            "😀", " ", "\n"];
        var patterns = Patterns([("k", "key-[0-9]+"), ("half", "1😀")], ["email"]);
        for (var round = 0; round < 2000; round++)
        {
            var masking = new Masking(patterns, hidesLookAlikes: true);
            for (var text = 0; text < 3; text++)
            {
                var plain = string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => pieces[random.Next(pieces.Length)]));
                var masked = masking.Mask(plain, secrets: true);
                Assert.Equal(plain, Restored(masking, masked));
                Assert.DoesNotContain("a@x.org", masked, StringComparison.Ordinal);
                Assert.DoesNotContain("b@x.org", masked, StringComparison.Ordinal);
                Assert.DoesNotContain("key-1", masked, StringComparison.Ordinal);
                foreach (var match in patterns.LookAlike!.EnumerateMatches(masked))
                    Assert.Equal(match.Length, masking.Map.At(masked.AsSpan(match.Index), out _));
            }
        }
    }

    internal static PatternSet Patterns(params (string Name, string Pattern)[] patterns) => Patterns(patterns, []);

    private static PatternSet Patterns(string[] use) => Patterns([], use);

    private static PatternSet Patterns((string Name, string Pattern)[] patterns, string[] use) => PatternSet.Compile(
        new RedactorSettings { Use = use, Patterns = patterns.ToDictionary(one => one.Name, one => one.Pattern) },
        "plugins.Bioproxy.Redactor");

    private static string Restored(Masking masking, string masked)
    {
        using var services = new FakeServices();
        var editor = new RestoringEditor(masking.Map, isJson: false, services.Counter("restored", ""));
        return editor.Edit(masked) + editor.Finish();
    }
}
