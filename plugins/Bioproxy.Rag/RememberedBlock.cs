namespace Bioproxy.Rag;

/// <summary>What a message got.</summary>
/// <param name="Key">Which message.</param>
/// <param name="Text">The block.</param>
internal sealed record RememberedBlock(string Key, string Text);
