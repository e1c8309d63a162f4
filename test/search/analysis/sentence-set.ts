// A passage and a question about it in each language, in other forms of the words.

interface SentencePair {
  text: string;
  asked: string;
  /** So many words of the question are met in the passage. */
  shared: number;
  /** Words of the question that are not looked for. */
  left: string[];
}

export const SENTENCES: Readonly<Record<string, SentencePair>> = {
  de: {
    text: "Die Mitarbeiterinnen und Mitarbeiter erhalten für ihre Überstunden einen Zuschlag, und die Kündigungsfristen sind im Vertrag geregelt.",
    asked: "Welche Kündigungsfrist regelt der Vertrag für einen Mitarbeiter mit vielen Zuschlägen?",
    shared: 4,
    left: ["welche", "der", "für", "einen", "mit"],
  },
  fr: {
    text: "Les salariés peuvent demander le remboursement de leurs frais de voyage dans les trente jours qui suivent leur retour.",
    asked: "Comment un salarié est-il remboursé des voyages, et jusqu'à quand faut-il les demandes ?",
    shared: 4,
    left: ["comment", "un", "des", "les", "quand", "il"],
  },
  es: {
    text: "Los empleados con hijos menores pueden solicitar una reducción de la jornada laboral durante los primeros años.",
    asked: "¿Cómo solicita un empleado las reducciones de jornada con su primer hijo?",
    shared: 5,
    left: ["cómo", "un", "las", "con", "su"],
  },
  it: {
    text: "I dipendenti devono comunicare le assenze al proprio responsabile prima dell'inizio del turno di lavoro.",
    asked: "A quale responsabile comunica un'assenza il dipendente che lavora in turni?",
    shared: 5,
    left: ["a", "quale", "il", "che", "in"],
  },
  pt: {
    text: "Os trabalhadores que viajam em serviço recebem um adiantamento para as despesas e devem guardar todos os recibos.",
    asked: "O trabalhador recebe quais adiantamentos para uma despesa sem recibo?",
    shared: 5,
    left: ["o", "quais", "para", "uma", "sem"],
  },
  nl: {
    text: "De medewerkers mogen hun vakantiedagen meenemen naar het volgende jaar als de leidinggevende daarmee heeft ingestemd.",
    asked: "Welke medewerker neemt een vakantiedag mee naar de volgende jaren?",
    shared: 4,
    left: ["welke", "een", "naar", "de"],
  },
  da: {
    text: "Medarbejderne skal aflevere nøgler og computere til lederen af deres afdeling, efter at de er fratrådt deres stillinger.",
    asked: "Hvor skal en medarbejder aflevere nøglerne og computeren fra sin stilling?",
    shared: 5,
    left: ["hvor", "skal", "en", "og", "fra", "sin"],
  },
  sv: {
    text: "De anställda får ersättning för sina resor med tåg, och kvittona ska lämnas till ekonomiavdelningen inom en månad.",
    asked: "Vilken ersättning är det för en resa, och var lämnar man kvittot till avdelningarna?",
    shared: 3,
    left: ["vilken", "är", "det", "för", "en", "och", "var", "man", "till"],
  },
  nb: {
    text: "De ansatte må levere reiseregningene sine etter hver reise, og lederen godkjenner utgiftene før de blir betalt.",
    asked: "Hvordan leverer jeg en reiseregning, og hvem godkjenner utgiften etter reisen?",
    shared: 5,
    left: ["hvordan", "jeg", "en", "og", "hvem", "etter"],
  },
  fi: {
    text: "Työntekijät saavat ylityöstä korvauksen, ja esimiehet hyväksyvät työtunnit ennen kuukauden viimeistä päivää.",
    asked: "Mitä korvausta työntekijä saa, ja kuka esimies hyväksyy tunnit kuukauden päivänä?",
    shared: 3,
    left: ["mitä", "ja", "kuka"],
  },
  ru: {
    text: "Сотрудники получают компенсацию расходов на командировки, если они представили отчёты в бухгалтерию до конца месяца.",
    asked: "Какую компенсацию за командировку получает сотрудник и когда нужен отчёт в бухгалтерии?",
    shared: 6,
    left: ["за", "и", "когда", "нужен", "в"],
  },
};
