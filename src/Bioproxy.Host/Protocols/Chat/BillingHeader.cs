namespace Bioproxy.Host.Protocols.Chat;

/// <summary>Claude Code begins its system text with a header whose check value is another one in every request. Newer builds of
/// llama-server overwrite the value.</summary>
internal static class BillingHeader
{
    private const string Header = "x-anthropic-billing-header:";
    private const string Value = "cch=";
    private const int Length = 5;

    /// <summary>The text as the server renders it.</summary>
    public static string Neutral(string text)
    {
        if (!text.StartsWith(Header, StringComparison.Ordinal))
            return text;
        var at = text.IndexOf(Value, Header.Length, StringComparison.Ordinal) + Value.Length;
        return at >= Value.Length && at + Length < text.Length && text[at + Length] == ';'
            ? string.Concat(text.AsSpan(0, at), new string('f', Length), text.AsSpan(at + Length))
            : text;
    }
}
