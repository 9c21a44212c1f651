namespace Bioproxy.Host.Prompts;

/// <summary>What is known of a canonical text besides its bytes; see the members of <see cref="CanonicalPrompt"/>.</summary>
internal readonly record struct CanonicalMarks(
    int Head, int BodyStart, int FirstMessageEnd, bool HasSystemMember, string? Domain, string? Session, int Turns, bool CanPin,
    RequestShape Shape);
