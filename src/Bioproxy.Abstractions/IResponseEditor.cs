namespace Bioproxy.Abstractions;

/// <summary>Edits one text of one response as it passes. Called from one thread at a time. It must be fast and must not wait.</summary>
public interface IResponseEditor
{
    /// <summary>Edits a piece of the text. The pieces of a stream end anywhere but within a character; a JSON answer is one piece.
    /// </summary>
    /// <param name="text">The next piece.</param>
    /// <returns>The text to send instead: <paramref name="text"/> itself to change nothing, or less to hold something back.</returns>
    string Edit(string text);

    /// <summary>Called when the text has ended.</summary>
    /// <returns>The text that was held back; empty for none.</returns>
    string Finish();
}
