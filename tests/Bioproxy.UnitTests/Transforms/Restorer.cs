using Bioproxy.Abstractions;

namespace Bioproxy.UnitTests.Transforms;

/// <summary>Replaces placeholders by secrets, like the redactor; the possible start of a placeholder waits for the next piece.</summary>
internal sealed class Restorer : IResponseEditor
{
    private static readonly Dictionary<string, string> Secrets = new()
    {
        ["[NAME_1]"] = "Zoë \"Z\" 😀",
        ["[MAIL_1]"] = "z@b.c",
        ["[PATH]"] = "C:\\x\ny",
    };

    private string _held = "";

    public static IReadOnlyCollection<string> Placeholders => Secrets.Keys;

    public static IResponseEditor? Begin(ResponseChannel channel) => new Restorer();

    /// <summary>What becomes of a text that is there as a whole.</summary>
    public static string Restore(string text) =>
        Secrets.Aggregate(text, (sum, secret) => sum.Replace(secret.Key, secret.Value, StringComparison.Ordinal));

    public string Edit(string text)
    {
        var all = _held + text;
        var open = all.LastIndexOf('[');
        var isBeginning = open >= 0 && Secrets.Keys.Any(
            placeholder => placeholder.Length > all.Length - open && placeholder.StartsWith(all[open..], StringComparison.Ordinal));
        _held = isBeginning ? all[open..] : "";
        return Restore(all[..^_held.Length]);
    }

    public string Finish()
    {
        var rest = _held;
        _held = "";
        return rest;
    }
}
