using Bioproxy.Host.WarmUp;

namespace Bioproxy.Host.Admin;

/// <summary>What several conversations begin with, at one moment.</summary>
/// <param name="Name">Its name; it says nothing of the text.</param>
/// <param name="Domain">The only domain that may use it; null when it is open to all.</param>
/// <param name="Uses">Conversations that began with it since the proxy started.</param>
/// <param name="TextBytes">Its text.</param>
/// <param name="WarmUp">How far its warm-up is.</param>
internal sealed record PreambleSummary(string Name, string? Domain, int Uses, int TextBytes, WarmUpStatus WarmUp);
