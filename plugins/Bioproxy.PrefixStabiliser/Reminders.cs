using System.Text;

namespace Bioproxy.PrefixStabiliser;

/// <summary>A text with its <c>&lt;system-reminder&gt;</c> blocks.</summary>
/// <param name="Bare">The text without them and without the white space at the cuts and at its edges.</param>
/// <param name="Blocks">The blocks, in their order.</param>
internal sealed record Reminders(string Bare, IReadOnlyList<string> Blocks)
{
    private const string Start = "<system-reminder>";
    private const string End = "</system-reminder>";

    /// <summary>The text is nothing but reminders.</summary>
    public bool IsAll => Blocks.Count > 0 && Bare.Length == 0;

    /// <summary>Finds the blocks of a text.</summary>
    public static Reminders In(string text)
    {
        var start = text.IndexOf(Start, StringComparison.Ordinal);
        if (start < 0)
            return new Reminders(text.Trim(), []);
        var bare = new StringBuilder();
        var blocks = new List<string>();
        var copied = 0;
        while (start >= 0)
        {
            var end = text.IndexOf(End, start, StringComparison.Ordinal);
            if (end < 0)
                break;
            end += End.Length;
            AppendTrimmed(bare, text[copied..start]);
            blocks.Add(text[start..end]);
            copied = end;
            start = text.IndexOf(Start, end, StringComparison.Ordinal);
        }

        AppendTrimmed(bare, text[copied..]);
        return new Reminders(bare.ToString(), blocks);
    }

    /// <summary>Whether these are some of the others' blocks, in their order, and not all of them.</summary>
    public bool AreFewerThan(Reminders others)
    {
        var found = 0;
        foreach (var block in others.Blocks)
        {
            if (found < Blocks.Count && string.Equals(Blocks[found], block, StringComparison.Ordinal))
                found++;
        }

        return found == Blocks.Count && found < others.Blocks.Count;
    }

    private static void AppendTrimmed(StringBuilder bare, string piece)
    {
        var trimmed = piece.Trim();
        if (trimmed.Length == 0)
            return;
        if (bare.Length > 0)
            bare.Append('\n');
        bare.Append(trimmed);
    }
}
