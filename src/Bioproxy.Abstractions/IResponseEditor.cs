namespace Bioproxy.Abstractions;

/// <summary>Edits one text of one response as it passes. Called from one thread at a time; must be quick, and must not wait for anything.</summary>
public interface IResponseEditor
{
    /// <summary>A piece of the text. A stream comes in pieces that end anywhere, but never within a character; a whole answer is one piece.</summary>
    /// <param name="text">The next piece.</param>
    /// <returns>What goes on in its place: <paramref name="text"/> itself to change nothing, or less while something is held back.</returns>
    string Edit(string text);

    /// <summary>The text has ended.</summary>
    /// <returns>What was held back; empty for nothing.</returns>
    string Finish();
}
