using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.WarmUp;

/// <summary>What the transform chain made of a prefix with different messages.</summary>
/// <param name="Bodies">The edited chat bodies, one a message.</param>
/// <param name="Text">The canonical text that all of them begin with.</param>
/// <param name="Hash">Its hash: when it changes, the template has.</param>
internal sealed record Rehearsal(IReadOnlyList<byte[]> Bodies, byte[] Text, ChainHash Hash);
