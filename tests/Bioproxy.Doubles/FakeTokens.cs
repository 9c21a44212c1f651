using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Bioproxy.Doubles;

/// <summary>The fake's model: a token for every byte, ChatML, and answers that follow from the tokens and a seed.</summary>
internal static class FakeTokens
{
    private const string TurnStart = "<|im_start|>";
    private const string TurnEnd = "<|im_end|>";

    public static List<int> Of(string text, bool addSpecial = true, bool parseSpecial = true)
    {
        var tokens = new List<int>(text.Length + 1);
        if (addSpecial)
            tokens.Add(TinyVocabulary.BeginOfSequence);
        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            if (parseSpecial && rest.StartsWith(TurnStart, StringComparison.Ordinal))
            {
                tokens.Add(TinyVocabulary.TurnStart);
                rest = rest[TurnStart.Length..];
            }
            else if (parseSpecial && rest.StartsWith(TurnEnd, StringComparison.Ordinal))
            {
                tokens.Add(TinyVocabulary.TurnEnd);
                rest = rest[TurnEnd.Length..];
            }
            else
            {
                var length = char.IsHighSurrogate(rest[0]) && rest.Length > 1 ? 2 : 1;
                foreach (var value in Encoding.UTF8.GetBytes(rest[..length].ToString()))
                    tokens.Add(TinyVocabulary.FirstByte + value);
                rest = rest[length..];
            }
        }

        return tokens;
    }

    public static string Text(IEnumerable<int> tokens)
    {
        var bytes = new List<byte>();
        foreach (var token in tokens)
        {
            if (token is >= TinyVocabulary.FirstByte and < TinyVocabulary.FirstByte + 256)
                bytes.Add((byte)(token - TinyVocabulary.FirstByte));
            else if (token == TinyVocabulary.TurnStart)
                bytes.AddRange(Encoding.UTF8.GetBytes(TurnStart));
            else if (token == TinyVocabulary.TurnEnd)
                bytes.AddRange(Encoding.UTF8.GetBytes(TurnEnd));
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    /// <summary>ChatML of a chat body: tools before everything, then the messages, then the beginning of an answer.</summary>
    public static string Render(JsonObject body)
    {
        var text = new StringBuilder();
        if (body["tools"] is JsonArray { Count: > 0 } tools)
            Turn(text, "tools", tools.ToJsonString());
        if ((body["system"] ?? body["instructions"]) is { } system)
            Turn(text, "system", Content(system));
        if (body["input"] is JsonValue input)
            Turn(text, "user", Content(input));
        foreach (var message in (body["messages"] ?? body["input"]) as JsonArray ?? [])
            Turn(text, message?["role"]?.ToString() ?? "", Content(message?["content"]));
        return text.Append(CultureInfo.InvariantCulture, $"{TurnStart}assistant\n").ToString();
    }

    /// <summary>The token that follows, decided by the weights and what the slot really holds.</summary>
    public static int Next(int seed, IReadOnlyList<int> tokens) =>
        TinyVocabulary.FirstByte + 'a' + (int)(Mix(Hash(seed, tokens), tokens.Count) % 26);

    /// <summary>The likeliest tokens with their log-probabilities.</summary>
    public static IReadOnlyList<(int Token, double LogProbability)> Probabilities(int seed, IReadOnlyList<int> tokens, int count)
    {
        var hash = Hash(seed, tokens);
        return [.. Enumerable.Range(0, 256).Select(
            i => (Token: TinyVocabulary.FirstByte + i, LogProbability: -(double)(Mix(hash, 1000 + i) % 1_000_000) / 100_000.0))
            .OrderByDescending(p => p.LogProbability).ThenBy(p => p.Token).Take(count)];
    }

    public static int SharedLength(IReadOnlyList<int> a, IReadOnlyList<int> b)
    {
        var length = 0;
        while (length < a.Count && length < b.Count && a[length] == b[length])
            length++;
        return length;
    }

    private static void Turn(StringBuilder text, string role, string content) =>
        text.Append(CultureInfo.InvariantCulture, $"{TurnStart}{role}\n{content}{TurnEnd}\n");

    private static string Content(JsonNode? content) => content switch
    {
        null => "",
        JsonArray parts => string.Join('\n', parts.Select(part => part?["text"]?.ToString() ?? "<media>")),
        _ => content.ToString(),
    };

    private static ulong Hash(int seed, IReadOnlyList<int> tokens)
    {
        var hash = 14695981039346656037UL ^ (uint)seed;
        foreach (var token in tokens)
            hash = (hash ^ (uint)token) * 1099511628211UL;
        return hash;
    }

    private static ulong Mix(ulong hash, int salt)
    {
        hash = (hash ^ (uint)salt) * 1099511628211UL;
        hash ^= hash >> 33;
        hash *= 0xFF51AFD7ED558CCDUL;
        return hash ^ (hash >> 29);
    }
}
