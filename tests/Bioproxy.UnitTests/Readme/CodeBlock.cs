namespace Bioproxy.UnitTests.Readme;

/// <summary>A fenced block of a document.</summary>
/// <param name="Language">The first word after the fence: how it is highlighted, and which test follows it.</param>
/// <param name="About">The other words after the fence, which readers do not see: what the example is an example of.</param>
/// <param name="Text">Its lines without the indentation of the fence.</param>
/// <param name="Line">Where it begins, from 1.</param>
internal sealed record CodeBlock(string Language, string About, string Text, int Line);
